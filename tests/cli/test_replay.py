"""`roobridge replay`: recordings, what is stored beside them, and the difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.tape.format import SUFFIX, Ending, Frame, Match, Tape, Wire, write_tape
from tests.cli.conftest import Run
from tests.fixture_writer import FOLDER


def chunk(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"choices": [choice]}) + b"\n\n"


SPOKEN = chunk("one\ntwo\nthree") + chunk("", "stop")


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    file = tmp_path / f"a{SUFFIX}"
    frames = (Frame(0.0, SPOKEN[:20]), Frame(9.0, SPOKEN[20:]))
    file.write_bytes(write_tape(Tape(Wire.OPENAI, "m", frames, Match(kind=ClientKind.PLAIN))))
    return file


def test_update_stores_what_a_comparison_then_expects(run: Run, tape: Path) -> None:
    assert run("replay", str(tape), "--update") == (0, b"1 recordings: outcomes stored\n", "")
    stored = msgspec.json.decode((tape.parent / "a.expected.json").read_bytes())
    assert list(stored) == ["plain"]
    assert stored["plain"]["content"] == "one\ntwo\nthree"
    assert run("replay", str(tape.parent)) == (0, b"1 recordings: 1 as expected, 0 different\n", "")


def test_a_difference_is_shown_line_by_line(run: Run, tape: Path) -> None:
    run("replay", str(tape), "--update")
    stored = tape.parent / "a.expected.json"
    stored.write_bytes(stored.read_bytes().replace(b"two", b"2"))
    status, out, _ = run("replay", str(tape))
    text = out.decode()
    assert status == 1
    assert "-    2\n+    two\n" in text
    assert "-    one" not in text
    assert text.endswith("1 recordings: 0 as expected, 1 different\n")


def test_a_recording_with_nothing_stored_is_a_difference(run: Run, tape: Path) -> None:
    status, out, _ = run("replay", str(tape))
    assert status == 1
    assert b"--update" in out


def test_the_kinds_stored_are_the_kinds_compared(run: Run, tape: Path) -> None:
    stored = tape.parent / "a.expected.json"
    stored.write_bytes(b'{"roo-xml":{},"plain":{}}')
    run("replay", str(tape), "--update")
    assert list(msgspec.json.decode(stored.read_bytes())) == ["roo-xml", "plain"]


def test_a_raw_stream_is_a_recording_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "raw.sse").write_bytes(SPOKEN)
    assert run("replay", str(tmp_path), "--update").status == 0
    stored = msgspec.json.decode((tmp_path / "raw.expected.json").read_bytes())
    assert list(stored) == ["roo-xml", "native", "plain"]
    assert stored["plain"]["content"] == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("ending", "code"),
    [(Ending.RESET, "broken_off"), (Ending.SILENCE, "unfinished_call"), (Ending.EOF, "unfinished_call")],
)
def test_a_broken_reply_is_an_outcome_as_well(run: Run, tape: Path, ending: Ending, code: str) -> None:
    frames = (Frame(0.0, chunk("Hm. <read_file>\n<path>half")),)
    tape.write_bytes(
        write_tape(Tape(Wire.OPENAI, "m", frames, Match(kind=ClientKind.XML_AGENT), ending=ending))
    )
    run("replay", str(tape), "--update")
    outcome = msgspec.json.decode((tape.parent / "a.expected.json").read_bytes())["roo-xml"]
    assert outcome["error"]["code"] == code
    assert outcome["content"] == "Hm. "


GREP = {"name": "grep", "parameters": {"type": "object", "properties": {"pattern": {"type": "string"}}}}
CUT_SEARCH = chunk("<function=grep>\n<parameter=pattern>\nTODO") + chunk("", "stop")


@pytest.mark.parametrize(
    ("match", "prompt", "finished"),
    [
        (Match(), "You are Kilo, an engineer.", True),
        (Match(client="kilo"), "Be brief.", True),
        (Match(client="roo"), "You are Kilo, an engineer.", False),
        (Match(), "Be brief.", False),
    ],
)
def test_a_recording_is_read_by_its_client_s_rules(
    run: Run, tape: Path, match: Match, prompt: str, finished: bool
) -> None:
    """Only Kilo's grammar says that a search which ends early does no harm."""
    request = {
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": "Search."}],
        "tools": [{"type": "function", "function": GREP}],
    }
    tape.write_bytes(write_tape(Tape(Wire.OPENAI, "m", (Frame(0.0, CUT_SEARCH),), match, request=request)))
    assert run("replay", str(tape), "--update").status == 0
    outcome = msgspec.json.decode((tape.parent / "a.expected.json").read_bytes())["native"]
    assert [call["name"] for call in outcome["tool_calls"]] == (["grep"] if finished else [])


@pytest.mark.parametrize(
    "request_body", [None, {}, {"messages": [{"role": "user", "content": "You are Cline, x"}]}]
)
def test_a_client_s_recording_without_tools_has_roo_s_in_its_native_reply(
    run: Run, tape: Path, request_body: Any
) -> None:
    tape.write_bytes(
        write_tape(Tape(Wire.OPENAI, "m", (Frame(0.0, SPOKEN),), Match(client="cline"), request=request_body))
    )
    assert run("replay", str(tape), "--update").status == 0
    outcome = msgspec.json.decode((tape.parent / "a.expected.json").read_bytes())["native"]
    assert [call["name"] for call in outcome["tool_calls"]] == ["attempt_completion"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty", None, "no tape"),
        ("a.tape.jsonl", b"{}", "line 1"),
    ],
)
def test_what_cannot_be_read_is_refused(
    run: Run, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    status, _, err = run("replay", str(tmp_path))
    assert status == 2
    assert words in err


def test_a_recording_that_cannot_be_read_is_refused(run: Run, tmp_path: Path) -> None:
    unreadable = Path("/proc/self/mem")
    if not unreadable.is_file():
        pytest.skip("no file here that nobody can read, whatever their rights")
    (tmp_path / "a.sse").symlink_to(unreadable)
    status, _, err = run("replay", str(tmp_path))
    assert status == 2
    assert err.startswith(f"roobridge: {tmp_path / 'a.sse'} cannot be read: ")


def test_stored_outcomes_that_are_none_are_refused(run: Run, tape: Path) -> None:
    (tape.parent / "a.expected.json").write_bytes(b"[]")
    status, _, err = run("replay", str(tape))
    assert status == 2
    assert "a.expected.json" in err


def test_the_demo_comes_out_as_stored_and_needs_no_repair(run: Run) -> None:
    status, out, _ = run("replay", str(FOLDER))
    assert status == 0, out.decode()
    stored = [msgspec.json.decode(file.read_bytes()) for file in FOLDER.glob("*.expected.json")]
    outcomes = [outcome for kinds in stored for outcome in kinds.values()]
    assert len(stored) == len(list(FOLDER.glob("*.tape.jsonl")))
    assert [outcome["repairs"] for outcome in outcomes] == [[]] * len(outcomes)
    assert [outcome["error"] for outcome in outcomes] == [None] * len(outcomes)

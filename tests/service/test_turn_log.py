"""What the log says of a turn, at its usual level and at debug."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from tests.service.scripted import CALL, Scripted, Step, end, say
from tests.service.test_meters import CLOUD, ask, services_of

HERMES = '<tool_call>\n{"name": "read_file", "arguments": {"path": "swordfish.py"}}\n</tool_call>'


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "roobridge.turns")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, str]]]:
    """Level and words of each line of the turns' log."""
    return [
        (record.levelname, dict(word.split("=", 1) for word in record.getMessage().split() if "=" in word))
        for record in caplog.records
        if record.name == "roobridge.turns"
    ]


@pytest.mark.parametrize(
    ("agent", "reply", "calls", "wrapped"),
    [
        (True, CALL, "read_file(roo-xml)", "no:call"),
        (True, HERMES, "read_file(hermes)", "no:call"),
        (True, "All done.", "-", "yes"),
        (True, "...", "-", "no:error"),
        (False, "All done.", "-", "no:client"),
    ],
)
async def test_one_line_says_what_was_recognised_and_done(
    caplog: pytest.LogCaptureFixture, agent: bool, reply: str, calls: str, wrapped: str
) -> None:
    await ask(services_of(Scripted([*say(reply), *end()])), agent=agent, stream=True)
    ((_, told),) = [line for line in lines(caplog) if line[0] == "INFO"]
    assert (told["calls"], told["wrapped"]) == (calls, wrapped)


async def test_debug_says_what_was_decided_and_why(caplog: pytest.LogCaptureFixture) -> None:
    broken: list[Step] = [*say("<read_file>\n<path>a"), *end("length")]
    rest: list[Step] = [*say(".py</path>\n</read_file>"), *end()]
    await ask(services_of(Scripted(broken, rest)), stream=True)
    (_, begun), (_, _), (_, over) = lines(caplog)
    assert [level for level, _ in lines(caplog)] == ["DEBUG", "INFO", "DEBUG"]
    assert begun["kind"] == "roo-xml"
    assert begun["client"] == "roo/3.31.3"
    assert int(begun["tools"]) > 5
    assert (begun["wrap"], begun["why"]) == ("preview", "first")
    assert (over["exchanges"], over["continuations"], over["deltas"]) == ("1", "1", "4")
    assert over["first_ms"].isdigit()


@pytest.mark.parametrize(
    ("settings", "model", "query", "why"),
    [
        ({}, "qwen", "", "first"),
        ({}, "qwen", "cloud", "provider"),
        ({}, "cloud/qwen", "", "prefix"),
        ({"models": {"qwen*": {"upstream": "cloud"}}}, "qwen", "", "profile"),
        ({"fallbacks": ("cloud",)}, "qwen", "", "fallback"),
    ],
)
async def test_why_an_upstream_was_asked(
    caplog: pytest.LogCaptureFixture, settings: dict[str, Any], model: str, query: str, why: str
) -> None:
    down = UpstreamError("No.", code="unreachable", status_hint=502)
    home = Scripted([down]) if why == "fallback" else Scripted([*say("Hi"), *end()])
    given = Settings(pace_ms=0, usage_wait_ms=1, upstream="replay", **CLOUD, **settings)
    services = assemble(given, {"replay": home, "cloud": Scripted([*say("Hi"), *end()])})
    more: dict[str, Any] = {"provider": query} if query else {}
    await ask(services, model=model, **more)
    assert lines(caplog)[-1][1]["why"] == why


async def test_a_reply_of_many_calls_is_one_line_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    name = "look" + "x" * 100
    tool = {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {}}},
    }
    call = f'<tool_call>\n{{"name": "{name}", "arguments": {{}}}}\n</tool_call>\n'
    await ask(services_of(Scripted([*say(call * 50), *end()])), agent=False, stream=True, tools=[tool])
    ((_, told),) = [line for line in lines(caplog) if line[0] == "INFO"]
    assert told["calls"].endswith(",+30")
    assert len(told["calls"]) < 20 * 80


async def test_the_words_stand_in_the_record_too(caplog: pytest.LogCaptureFixture) -> None:
    await ask(services_of(Scripted([*say(CALL), *end()])), stream=True)
    told = [vars(record)["told"] for record in caplog.records if record.name == "roobridge.turns"]
    assert [each["event"] for each in told] == ["turn_begins", "turn", "turn_over"]
    assert len({each["turn"] for each in told}) == 1
    assert (told[1]["calls"], told[1]["repairs"], told[1]["outcome"]) == ("read_file(roo-xml)", None, "ok")
    assert isinstance(told[1]["ms"], int)


async def test_no_line_holds_what_anyone_wrote(caplog: pytest.LogCaptureFixture) -> None:
    await ask(services_of(Scripted([*say("The word: ", HERMES), *end()])), stream=True)
    assert len(lines(caplog)) == 3
    for secret in ("swordfish", "The word", "Do it", "sk-secret"):
        assert secret not in caplog.text

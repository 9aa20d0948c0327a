from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import matrix
from tests.e2e.model import Ending, Said, openai_frames, qwen_web_frames, tokens
from tests.e2e.scenario import WRITTEN, Dialect


def test_the_readme_shows_the_rows_that_the_runs_are_held_to() -> None:
    if not matrix.README.is_file():
        pytest.skip("there is no README.md in this tree")
    shown = matrix.in_readme(matrix.README.read_text(encoding="utf-8"))
    assert shown == matrix.expected_table(), "run python -m tests.e2e.matrix"


def test_the_table_is_written_between_the_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    monkeypatch.setattr(matrix, "README", readme)
    readme.write_text(f"before\n\n{matrix.BEGIN}\nold\n{matrix.END}\n\nafter\n")
    matrix.main()
    text = readme.read_text()
    assert matrix.in_readme(text) == matrix.expected_table()
    assert text.startswith("before\n\n<!--")
    assert text.endswith("-->\n\nafter\n")


def test_without_markers_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    monkeypatch.setattr(matrix, "README", readme)
    readme.write_text("no place for it\n")
    with pytest.raises(SystemExit, match="needs the lines"):
        matrix.main()
    assert readme.read_text() == "no place for it\n"


def test_every_client_meets_every_upstream_through_the_bridge() -> None:
    for client in (matrix.CLINE, matrix.QWEN_CODE, matrix.ROO_XML, matrix.ROO_NATIVE):
        assert [row.dialect for row in matrix.expected(client) if row.bridged] == list(Dialect)


def test_a_scripted_text_is_cut_as_tokens_are() -> None:
    pieces = tokens(WRITTEN)
    assert "".join(pieces) == WRITTEN
    assert max(map(len, pieces)) <= 6
    assert len(pieces) > len(WRITTEN) / 5


@pytest.mark.parametrize("ending", list(Ending))
def test_only_a_whole_reply_says_that_it_is_whole(ending: Ending) -> None:
    said = Said("some words", ending=ending)
    openai = b"".join(openai_frames(said, "m", 0))
    web = b"".join(qwen_web_frames(said, 0))
    assert (b'"finish_reason": "stop"' in openai) is (ending is Ending.WHOLE)
    assert (b'"status": "finished"' in web) is (ending is Ending.WHOLE)
    assert (b"[DONE]" in openai) is (ending in (Ending.WHOLE, Ending.LENGTH))

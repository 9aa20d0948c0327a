from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import matrix
from tests.e2e.model import Ending, Said, openai_frames, qwen_web_frames, tokens
from tests.e2e.scenario import WRITTEN, Dialect
from tests.house_rules.marked import old_part


def test_the_readme_shows_the_rows_that_the_runs_are_held_to() -> None:
    assert matrix.PLACE.shown() == matrix.expected_table(), "run python -m tests.e2e.matrix"


def test_the_table_is_written_into_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = old_part(tmp_path, "matrix")
    monkeypatch.setattr(matrix, "PLACE", place)
    matrix.main()
    assert place.shown() == matrix.expected_table()


def test_every_client_meets_every_upstream_through_the_bridge() -> None:
    for client in (matrix.CLINE, matrix.QWEN_CODE, matrix.KILO, matrix.ROO_XML, matrix.ROO_NATIVE):
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

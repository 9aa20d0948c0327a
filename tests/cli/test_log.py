"""A record is one line that nobody else's words can forge, and holds no secret."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.cli.log import LINE_LIMIT, WORD_LIMIT, CleanLines, CleanObjects
from roobridge.service.settings.secrets import CLIENT_KEY

KEY = "operators-key-0123456789"


class Log:
    def __init__(self, formatter: type[CleanLines] = CleanLines) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter([KEY]))
        self.logger = logging.Logger("roobridge.test")
        self.logger.addHandler(handler)

    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]


@pytest.fixture
def log() -> Log:
    return Log()


@given(st.text(), st.text())
def test_a_record_is_one_line_of_printable_text(model: str, client: str) -> None:
    log = Log()
    log.logger.info("turn model=%s client=%s", model, client)
    (line,) = log.lines()
    assert line.splitlines() == [line]
    assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in line)


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\n2026-01-01 00:00:00,000 ERROR roobridge forged", r"a\r\n2026-01-01 00:00:00,000 ERROR"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x9b31m", r"\x9b31m"),
        ("one\u2028two", r"one\u2028two"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("half \ud83d", r"half \ud83d"),
        ("Grüße, 世界 👋", "Grüße, 世界 👋"),
    ],
)
def test_control_characters_come_out_escaped(log: Log, said: str, logged: str) -> None:
    log.logger.info("model=%s", said)
    (line,) = log.lines()
    assert f"model={logged}" in line


def test_a_traceback_is_indented_and_cleaned(log: Log) -> None:
    error = ValueError(f"bad {KEY}\n2026-01-01 00:00:00,000 INFO forged\x1b[0m")
    log.logger.error("failed", exc_info=error, stack_info=True)
    first, *rest = log.lines()
    assert first.endswith("ERROR roobridge.test failed")
    assert all(line.startswith("  ") for line in rest)
    assert "  ValueError: bad [redacted]" in rest
    assert r"  2026-01-01 00:00:00,000 INFO forged\x1b[0m" in rest
    assert any("Stack (most recent call last)" in line for line in rest)


def test_the_key_of_the_client_that_is_served_is_known(log: Log) -> None:
    token = CLIENT_KEY.set("clients-own-key-77")
    try:
        log.logger.error("clients-own-key-77 and %s", KEY)
    finally:
        CLIENT_KEY.reset(token)
    assert log.lines()[0].endswith("[redacted] and [redacted]")


def test_a_record_that_another_handler_has_formatted_is_formatted_anew(log: Log) -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, None)
    record.exc_info = (ValueError, ValueError("fresh"), None)
    record.exc_text = f"cached {KEY}"
    log.logger.handle(record)
    assert log.lines()[1:] == ["  ValueError: fresh"]


@pytest.mark.parametrize("before", range(LINE_LIMIT - 100, LINE_LIMIT + 5))
def test_a_line_is_cut_without_leaving_part_of_a_key(log: Log, before: int) -> None:
    log.logger.info("%s%s", "x" * before, KEY)
    (line,) = log.lines()
    assert len(line) <= LINE_LIMIT
    assert KEY[:6] not in line


def objects(log: Log) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.lines()]


@given(st.text(), st.text())
def test_a_record_is_one_object_of_ascii(model: str, client: str) -> None:
    log = Log(CleanObjects)
    log.logger.info("turn model=%s", model, extra={"told": {"client": client, "model": model, "ms": 3}})
    (line,) = log.lines()
    assert line.isascii()
    assert line.isprintable()
    (said,) = objects(log)
    assert (said["level"], said["logger"], said["ms"]) == ("info", "roobridge.test", 3)
    assert said["client"] == client[:WORD_LIMIT]
    assert "message" not in said


def test_an_object_has_its_time_in_utc_and_its_message() -> None:
    log = Log(CleanObjects)
    log.logger.warning("worker %s", 7)
    (said,) = objects(log)
    assert said["message"] == "worker 7"
    assert said["time"].endswith("+00:00")


def test_an_object_holds_no_secret_wherever_it_stands() -> None:
    log = Log(CleanObjects)
    told = {"model": f"m {KEY}", "long": "x" * (WORD_LIMIT - 5) + KEY}
    log.logger.error("failed", exc_info=ValueError(KEY), stack_info=True, extra={"told": told})
    log.logger.error("said %s", KEY)
    failed, said = objects(log)
    assert KEY[:6] not in log.stream.getvalue()
    assert failed["model"] == "m [redacted]"
    assert "ValueError: [redacted]" in failed["exception"]
    assert failed["stack"].startswith("Stack (most recent call last)")
    assert said["message"] == "said [redacted]"

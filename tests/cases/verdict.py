"""Does an outcome meet what a row expects, read as its client reads it?"""

from __future__ import annotations

import re
from typing import Any

from roobridge.bridge.plan import Wrap
from tests.cases.table import Case, Expect
from tests.oracle.outcome import Outcome
from tests.oracle.plans import Client
from tests.oracle.roo_native import judge
from tests.oracle.roo_reader import js_trim, shown_text, tool_uses, utf16_length

ZWSP = "\u200b"
RESULT_LIMIT = 100_000

Calls = list[tuple[str, dict[str, Any]]]


def calls_read(client: Client, outcome: Outcome) -> Calls:
    """Names and arguments as the client reads them."""
    if client.xml:
        assert not outcome.tool_deltas, "tool_calls for an XML client"
        return [(use.name, dict(use.params)) for use in tool_uses(client.read(outcome.content))]
    return [(call.name, call.parsed) for call in outcome.calls]


def text_read(client: Client, outcome: Outcome) -> str:
    """The text outside the calls, as the client shows it."""
    return shown_text(client.read(outcome.content)) if client.xml else js_trim(outcome.content)


def one_thing(client: Client, outcome: Outcome) -> None:
    """Law 6 for a reply that did not fail."""
    calls = calls_read(client, outcome)
    if client.xml:
        assert len(calls) == 1, f"{len(calls)} tool uses in {outcome.content!r}"
        assert outcome.finish == "stop"
        (use,) = tool_uses(client.read(outcome.content))
        assert not use.partial, f"the tool use is not closed: {outcome.content!r}"
        return
    judge(outcome.calls, several=client.several)
    if client.agent:
        assert calls, "no call for an agent"
    if calls:
        assert outcome.finish == "tool_calls"


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text.replace(ZWSP, ""))


def _completion(calls: Calls) -> str:
    names = [name for name, _ in calls]
    assert names == ["attempt_completion"], names
    result = calls[0][1]["result"]
    assert isinstance(result, str)
    return result


def _answer(case: Case, wrap: Wrap, outcome: Outcome, wanted: str, *, loose: bool) -> None:
    client = case.request
    calls = calls_read(client, outcome)
    text = text_read(client, outcome)
    if not client.agent:
        assert not calls
        assert outcome.content == wanted
        return
    result = _completion(calls)
    assert _bare(text + result) == _bare(wanted)
    if wrap is not Wrap.LIVE and not loose:
        assert text == ""
        assert js_trim(result).replace(ZWSP, "") == js_trim(wanted)


def _long_answer(case: Case, outcome: Outcome) -> None:
    (words,) = case.words
    client = case.request
    result = _completion(calls_read(client, outcome))
    assert utf16_length(result) < RESULT_LIMIT
    assert _bare(text_read(client, outcome) + result) == _bare(words.content)


def _check_text(client: Client, expect: Expect, outcome: Outcome) -> None:
    if expect.content is not None:
        assert outcome.content == expect.content
    if expect.content_stripped is not None:
        assert js_trim(outcome.content) == expect.content_stripped
    if expect.content_loose is not None:
        assert outcome.content.replace(ZWSP, "") == expect.content_loose
    for part in expect.contains:
        assert part in outcome.content
    for part in expect.lacks:
        assert part not in outcome.content
    if expect.text is not None:
        assert text_read(client, outcome) == expect.text


def _check_reasoning(wrap: Wrap, expect: Expect, outcome: Outcome) -> None:
    if expect.reasoning is not None:
        assert js_trim(outcome.reasoning) == js_trim(expect.reasoning)
    for part in expect.contains_reasoning:
        assert part in outcome.reasoning
    if expect.reasoning_or_preview is not None:
        assert expect.reasoning_or_preview in outcome.reasoning + outcome.preview
    if expect.preview is not None:
        assert js_trim(outcome.preview) == expect.preview
    if wrap is not Wrap.PREVIEW:
        assert outcome.preview == ""


def _check_calls(client: Client, expect: Expect, outcome: Outcome) -> None:
    if expect.calls is not None:
        assert calls_read(client, outcome) == expect.calls
    if expect.calls_names is not None:
        assert [name for name, _ in calls_read(client, outcome)] == expect.calls_names
    for part in expect.args_contain:
        assert part in "".join(call.arguments for call in outcome.calls)
    if expect.calls_any_line_count is not None:
        (got,), (wanted,) = calls_read(client, outcome), expect.calls_any_line_count
        assert got[1]["line_count"] in ("2", "3")
        assert (got[0], {**got[1], "line_count": ""}) == (wanted[0], {**wanted[1], "line_count": ""})
    if expect.result is not None:
        assert js_trim(_completion(calls_read(client, outcome))) == expect.result
    for part in expect.result_contains:
        assert part in _completion(calls_read(client, outcome))
    if expect.result_length is not None:
        assert len(_completion(calls_read(client, outcome))) == expect.result_length


def check(case: Case, wrap: Wrap, outcome: Outcome) -> None:
    """Asserts all that the row says, and law 6 where the reply was delivered."""
    expect, client = case.expect, case.request
    either = expect.calls_or_error if expect.calls_or_error is not None else expect.error_or_calls
    if either is not None and outcome.fail:
        return
    if expect.attempt:
        if not outcome.fail:
            one_thing(client, outcome)
            assert "attempt_completion" not in [name for name, _ in calls_read(client, outcome)]
        return
    if expect.error:
        assert outcome.fail, f"delivered: {outcome}"
    else:
        assert not outcome.fail, f"failed: {outcome.fail}"
        one_thing(client, outcome)
    if expect.calls_none:
        assert not outcome.tool_deltas
        assert not client.xml or not tool_uses(client.read(outcome.content))
    if either is not None:
        assert calls_read(client, outcome) == either
    if expect.finish is not None:
        assert outcome.finish == expect.finish
    if expect.answer is not None:
        _answer(case, wrap, outcome, expect.answer, loose=False)
    if expect.answer_loose is not None:
        _answer(case, wrap, outcome, expect.answer_loose, loose=True)
    if expect.answer_long:
        _long_answer(case, outcome)
    _check_text(client, expect, outcome)
    _check_reasoning(wrap, expect, outcome)
    _check_calls(client, expect, outcome)
    if expect.repaired is not None:
        assert bool(outcome.repairs) == expect.repaired, outcome.repairs

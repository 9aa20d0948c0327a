"""Law 10: an attempt is not an answer, and text about calls is one."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from tests.oracle.cuts import CUTTINGS, cut
from tests.oracle.dialect_writer import DIALECTS, write
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import AGENTS, XML_CLIENTS
from tests.oracle.replies import Call, calls
from tests.oracle.roo_reader import tool_uses

agents = st.sampled_from(AGENTS)
wraps = st.sampled_from(list(Wrap))
cuttings = st.sampled_from(list(CUTTINGS.values()))
WRITTEN = [name for name in DIALECTS if name not in ("native", "native_fragments")]
LEADS = ["", "I look at it first.\n\n", "好的。\n\n", "1. The list\n2. The rest\n\n"]
MARKUP = re.compile(r"<tool_call|<function|<invoke|</|\"arguments\"|<\w+>")


def result_of(client: Any, outcome: Outcome) -> str | None:
    """The text of the completion that was delivered; None where none was."""
    if outcome.fail:
        return None
    uses: list[tuple[str, Any]] = (
        [(use.name, use.params) for use in tool_uses(client.read(outcome.content))]
        if client.xml
        else [(call.name, call.parsed) for call in outcome.calls]
    )
    return next((str(params["result"]) for name, params in uses if name == "attempt_completion"), None)


def spelled(dialect: str, call: Call) -> str:
    return write(dialect, call.name, call.params).content


@st.composite
def undeclared(draw: st.DrawFn) -> str:
    """A call of a tool that nobody declares, in any form that has a wrapper or an opener."""
    form = draw(
        st.sampled_from(
            [
                '<tool_call>\n{{"name": "{0}", "arguments": {{"a": "{1}"}}}}\n</tool_call>',
                '<tool_call>{{"name": "{0}", "arguments": {{"a": "{1}"}}}}</tool_call>',
                "<tool_call>\n<function={0}>\n<parameter=a>\n{1}\n</parameter>\n</function>\n</tool_call>",
                "<function={0}>\n<parameter=a>\n{1}\n</parameter>\n</function>",
                '<function={0}>{{"a": "{1}"}}</function>',
                '<function name="{0}">\n<parameter name="a">{1}</parameter>\n</function>',
                '<invoke name="{0}">\n<parameter name="a">{1}</parameter>\n</invoke>',
                '<function_calls>\n<invoke name="{0}">\n</invoke>\n</function_calls>',
                '<tool_use>\n<name>{0}</name>\n<arguments>{{"a": "{1}"}}</arguments>\n</tool_use>',
                '<tools>\n{{"name": "{0}", "arguments": {{"a": "{1}"}}}}\n</tools>',
                '[TOOL_CALLS] [{{"name": "{0}", "arguments": {{"a": "{1}"}}}}]',
            ]
        )
    )
    name = draw(st.sampled_from(["grep_repo", "terminal-run", "openFile"]))
    return form.format(name, draw(st.sampled_from(["TODO", "a b", "日本", "x.py"])))


@given(undeclared(), st.sampled_from(LEADS), agents, wraps, cuttings)
def test_a_call_of_no_tool_is_no_answer(call: str, lead: str, client: Any, wrap: Wrap, cutting: Any) -> None:
    outcome = run(client.plan(wrap), cut([Delta(content=lead + call)], cutting))
    assert outcome.fail == "unreadable_call", outcome


@given(calls, st.sampled_from(WRITTEN), st.sampled_from(LEADS), agents, wraps, cuttings, st.data())
def test_a_call_with_a_part_missing_is_no_answer(
    call: Call, dialect: str, lead: str, client: Any, wrap: Wrap, cutting: Any, data: st.DataObject
) -> None:
    """A stretch of the markup behind the opener is lost; what is made of the rest is a call, or an error."""
    assume(call.name != "attempt_completion" and call.name in client.plan().toolset.tools)
    text = spelled(dialect, call)
    assume("</think" not in text)  # what stands before it is reasoning
    marks = list(MARKUP.finditer(text))[1:]
    assume(marks)
    lost = data.draw(st.sampled_from(marks))
    outcome = run(
        client.plan(wrap), cut([Delta(content=lead + text[: lost.start()] + text[lost.end() :])], cutting)
    )
    assert result_of(client, outcome) is None, outcome


@given(calls, st.sampled_from(WRITTEN), agents, wraps, cuttings)
def test_a_call_in_a_sentence_about_it_is_an_answer(
    call: Call, dialect: str, client: Any, wrap: Wrap, cutting: Any
) -> None:
    text = " ".join(spelled(dialect, call).replace("`", "").split())
    said = f"The model writes `{text}` there."
    assert result_of(client, run(client.plan(wrap), cut([Delta(content=said)], cutting))) is not None


@given(undeclared(), agents, wraps, cuttings)
def test_a_call_in_an_example_is_an_answer(call: str, client: Any, wrap: Wrap, cutting: Any) -> None:
    quoted = "\n".join(f"> {line}" for line in call.split("\n"))
    indented = "\n".join(f"    {line}" for line in call.split("\n"))
    for example in (f"```\n{call}\n```", f"~~~xml\n{call}\n~~~", quoted, indented):
        said = f"The log shows this:\n\n{example}\n\nIt is no call of ours."
        outcome = run(client.plan(wrap), cut([Delta(content=said)], cutting))
        assert result_of(client, outcome) is not None, (example, outcome)


@given(st.sampled_from(XML_CLIENTS), wraps, st.sampled_from(["", "Now.", "It is `", "```\nx\n"]))
def test_an_upstreams_call_of_no_tool_is_no_answer(client: Any, wrap: Wrap, lead: str) -> None:
    call = ToolDelta(0, "c1", "grep_repo", '{"a": 1}')
    words = [Delta(content=lead)] if lead else []
    outcome = run(client.plan(wrap), [*words, Delta(tool_calls=(call,))], "tool_calls")
    assert outcome.fail == "unreadable_call", outcome

"""The full product of states and terminals, and a text for every row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from roobridge.parser.states import CONTENT_TABLE, Action, State, Table, Terminal, UndefinedStepError
from tests.parser.machine import DIALECTS, Traced, read

_S, _T = State, Terminal
Row = tuple[str, State, Terminal]

TABLES: dict[str, Table] = {"content": CONTENT_TABLE, **{name: d.table for name, d in DIALECTS.items()}}

# How each tag dialect spells a call with two parameters.
_SPELLING = {
    "roo-xml": {
        "tool": "<list_files>",
        "param": "<path>",
        "other": "<recursive>",
        "close": "</path>",
        "end": "</list_files>",
    },
    "wrapped": {
        "tool": "<tool_call>\n<function=list_files>",
        "param": "<parameter=path>",
        "other": "<parameter=recursive>",
        "close": "</parameter>",
        "end": "</function>",
    },
    "bare": {
        "tool": "<function=list_files>",
        "param": "<parameter=path>",
        "other": "<parameter=recursive>",
        "close": "</parameter>",
        "end": "</function>",
    },
}
_MARK = "<|im_end|>"
_CALL = "<list_files><path>.</path></list_files>"
_OBJECT = '<tool_call>{"name": "list_files", "arguments": {"path": "."}}'
_COMPLETION = "<attempt_completion>"

# The text that brings the machine into each state, and what comes then, for each of its terminals. END and
# CUT come without a text.
_ENDS = {_T.END: "", _T.CUT: ""}
_TAGS = {
    _S.OPENED: (
        "{tool}",
        {_T.SPACE: "\n", _T.PARAM_OPEN: "{param}", _T.TOOL_CLOSE: "{end}", _T.TEXT: "x", **_ENDS},
    ),
    _S.VALUE: (
        "{tool}{param}a",
        {_T.PARAM_CLOSE: "{close}", _T.TOOL_CLOSE: "{end}", _T.MARK: _MARK, **_ENDS},
    ),
    _S.CLOSING: (
        "{tool}{param}a{close}",
        {
            _T.SPACE: "\n",
            _T.PARAM_OPEN: "{other}",
            _T.TOOL_CLOSE: "{end}",
            _T.MARK: _MARK,
            _T.TEXT: "x",
            **_ENDS,
        },
    ),
    _S.TAIL: ("{tool}{param}a{end}", {_T.SPACE: "\n", _T.MARK: _MARK, _T.TEXT: "x", **_ENDS}),
    _S.REST: ("{tool}{param}a" + _MARK, {_T.SPACE: "\n", _T.MARK: _MARK, _T.TEXT: "x", **_ENDS}),
}
_QWEN = {
    _S.VALUE: (_TAGS[_S.VALUE][0], {_T.PARAM_OPEN: "\n{other}", _T.CALL_CLOSE: "</tool_call>"}),
    _S.CLOSING: (_TAGS[_S.CLOSING][0], {_T.PARAM_CLOSE: "{close}"}),
    _S.TAIL: (_TAGS[_S.TAIL][0], {_T.CALL_CLOSE: "</tool_call>"}),
}
_AFTER_END = {_T.SPACE: "\n", _T.CALL_CLOSE: "</tool_call>", _T.NEXT_CALL: "{tool}", _T.TEXT: "x", **_ENDS}
_ROUTES: dict[str, list[dict[State, tuple[str, dict[Terminal, str]]]]] = {
    "content": [
        {
            _S.CONTENT: (
                "",
                {
                    _T.TEXT: "a `b`",
                    _T.TOOL_OPEN: "<list_files>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.CALL_OPEN: "<tool_call>",
                    _T.THINK_OPEN: "<think>",
                    _T.THINK_END: "</think>",
                    _T.STRAY_CLOSE: "</list_files>",
                    _T.STRAY_NOISE: _CALL + "</list_files>",
                    _T.MARK: _MARK,
                    _T.FENCE_OPEN: "```\n",
                    **_ENDS,
                },
            ),
            _S.REASONING: ("<think>a", {_T.THINK_CLOSE: "</think>", **_ENDS}),
            _S.STRAY: (
                "</list_files>",
                {_T.STRAY_CLOSE: "</path>", _T.SPACE: " ", _T.TEXT: "x", _T.STRAY_NOISE: "\n", **_ENDS},
            ),
            _S.MARKED: (_MARK, {_T.SPACE: "\n", _T.MARK: "<|im_start|>", _T.TEXT: "x", **_ENDS}),
            _S.DROPPED: (_MARK + "<|im_start|>", {_T.TEXT: "user", **_ENDS}),
            _S.FENCE: (
                "```json\n",
                {
                    _T.TEXT: "x",
                    _T.TOOL_OPEN: "<list_files>",
                    _T.CALL_OPEN: "<tool_call>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.BRACE: "{",
                },
            ),
            _S.FENCED: ("```json\n{", {_T.FENCE_CLOSE: "}\n```\n", **_ENDS}),
            _S.EXAMPLE_END: (
                f"```\n{_CALL}",
                {_T.SPACE: "\n", _T.FENCE_CLOSE: "```\n", _T.TEXT: "x", **_ENDS},
            ),
            _S.WRAPPED: (
                "<tool_call>",
                {
                    _T.SPACE: "\n",
                    _T.TOOL_OPEN: "<function=list_files>",
                    _T.BRACE: "{",
                    _T.BRACKET: "[",
                    _T.TEXT: "x",
                    **_ENDS,
                },
            ),
        }
    ],
    "roo-xml": [
        _TAGS,
        {
            _S.COMPLETION: (
                _COMPLETION,
                {
                    _T.SPACE: "\n",
                    _T.PARAM_OPEN: "<result>",
                    _T.TOOL_CLOSE: "</attempt_completion>",
                    _T.TEXT: "x",
                    **_ENDS,
                },
            ),
            _S.LOOSE: (_COMPLETION + "x", {_T.TEXT: "y", _T.TOOL_CLOSE: "</attempt_completion>", **_ENDS}),
        },
    ],
    "wrapped": [
        _TAGS,
        _QWEN,
        {
            _S.CLOSING: (_TAGS[_S.CLOSING][0], {_T.CALL_CLOSE: "</tool_call>"}),
            _S.ENDING: (
                "{tool}{param}a{close}{end}",
                {**_AFTER_END, _T.TOOL_CLOSE: "{end}", _T.MARK: _MARK},
            ),
            _S.ENDING_BARE: ("{tool}{end}", _AFTER_END),
        },
    ],
    "bare": [_TAGS, _QWEN],
    "hermes": [
        {
            _S.OBJECT: (
                '<tool_call>{"name": "list_files", "arguments": {"path": "."',
                {_T.OBJECT_DONE: "}}", _T.OBJECT_BROKEN: " x", _T.CALL_CLOSE: "</tool_call>", **_ENDS},
            ),
            _S.OBJECT_END: (
                _OBJECT,
                {
                    _T.SPACE: "\n",
                    _T.BRACE: "}",
                    _T.BRACKET: "]",
                    _T.NEXT_CALL: "{",
                    _T.CALL_CLOSE: "</tool_call>",
                    _T.TEXT: "x",
                    **_ENDS,
                },
            ),
            _S.BROKEN: (
                '<tool_call>{"name": "list_files", "arguments": {"path": "." x',
                {_T.TEXT: "y", **_ENDS},
            ),
        },
        {_S.OBJECT: ('<tool_call>{"name": ', {_T.OBJECT_ALIEN: '"nobody", "arguments": {"path": "."}}'})},
    ],
}

# A fence's opening line is settled by the lexer before an end is asked for, so these two never come; they
# stand in the table because no state may be without an ending.
_UNMET = {("content", _S.FENCE, _T.END), ("content", _S.FENCE, _T.CUT)}


def _cases() -> Iterator[tuple[Row, str, str]]:
    """Row, the text that leads to its state, and the text of its terminal."""
    for table, routes in _ROUTES.items():
        spelling = _SPELLING.get(table)
        for state, (route, inputs) in ((s, r) for each in routes for s, r in each.items()):
            for terminal, text in inputs.items():
                texts = [t.format(**spelling) if spelling else t for t in (route, text)]
                yield (table, state, terminal), texts[0], texts[1]


CASES = list(_cases())
REACHED = {(table, state): route for (table, state, _), route, _ in CASES}


def _row_id(case: tuple[Row, str, str]) -> str:
    table, state, terminal = case[0]
    return f"{table}-{state.name}-{terminal.name}"


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    rows = {(table, *key) for table, rows in TABLES.items() for key in rows}
    assert {row for row, _, _ in CASES} == rows - _UNMET
    assert len({row for row, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=_row_id)
@pytest.mark.parametrize("cut", ["whole", "characters"])
def test_a_terminals_text_moves_the_machine_as_its_row_says(case: tuple[Row, str, str], cut: str) -> None:
    (table, state, terminal), route, text = case
    _, parser = read([route, text] if cut == "whole" else route + text, normal=terminal is not _T.CUT)
    assert (table, state, terminal, TABLES[table][state, terminal].to) in parser.steps


@pytest.mark.parametrize("case", CASES, ids=_row_id)
def test_no_step_is_outside_the_table(case: tuple[Row, str, str]) -> None:
    (_, _, terminal), route, text = case
    _, parser = read([route + text], normal=terminal is not _T.CUT)
    for table, before, given, after in parser.steps:
        row = TABLES[table][before, given]
        # An example's call ends in EXAMPLE_END, where its row says CONTENT (what does not fit the tables).
        assert after is row.to or (row.to is _S.CONTENT and after is _S.EXAMPLE_END)


@pytest.mark.parametrize(("table", "state"), REACHED, ids=lambda it: it if isinstance(it, str) else it.name)
def test_what_is_no_row_is_refused(table: str, state: State) -> None:
    refused = {terminal for terminal in Terminal if (state, terminal) not in TABLES[table]}
    assert refused
    for terminal in refused:
        parser = Traced()
        parser.feed(REACHED[table, state])
        assert (parser.table, parser.state) == (table, state)
        with pytest.raises(UndefinedStepError, match=f"no row for {terminal.name} in state {state.name}"):
            parser.step(terminal, "", "")
        assert parser.state is state


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_an_ending(name: str) -> None:
    table = {**CONTENT_TABLE, **TABLES[name]}
    begun = {row.to for row in CONTENT_TABLE.values() if row.action in (Action.OPEN, Action.READ)}
    met = {state for state, _ in table} | {row.to for row in table.values()} - begun
    assert {(state, end) for state in met for end in (_T.END, _T.CUT)} <= table.keys()


def test_every_state_terminal_and_action_is_used() -> None:
    rows = [(key, row) for table in TABLES.values() for key, row in table.items()]
    assert {state for (state, _), _ in rows} == set(State)
    assert {terminal for (_, terminal), _ in rows} == set(Terminal)
    assert {row.action for _, row in rows} == set(Action)


def test_a_dialect_replaces_no_row_of_content() -> None:
    for dialect in DIALECTS.values():
        assert not dialect.table.keys() & CONTENT_TABLE.keys()

"""The full product of states and terminals, and a text for every row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from roobridge.parser.token import Token
from roobridge.spelling.content_rows import CONTENT_TABLE
from roobridge.spelling.states import Action, State, Table, Terminal, UndefinedStepError
from tests.parser.machine import DIALECTS, Traced, read
from tests.parser.routes import ROUTES
from tests.parser.tag_routes import SPELLING

_S, _T = State, Terminal
Row = tuple[str, State, Terminal]

TABLES: dict[str, Table] = {"content": CONTENT_TABLE, **{name: d.table for name, d in DIALECTS.items()}}

# A fence's opening line is settled by the lexer before an end is asked for, so these two never come; they
# stand in the table because no state may be without an ending.
_UNMET = {("content", _S.FENCE, _T.END), ("content", _S.FENCE, _T.CUT)}


def _cases() -> Iterator[tuple[Row, str, str]]:
    """Row, the text that leads to its state, and the text of its terminal."""
    for table, routes in ROUTES.items():
        spelling = SPELLING.get(table)
        for state, (route, inputs) in ((s, r) for each in routes for s, r in each.items()):
            for terminal, text in inputs.items():
                texts = [t.format(**spelling) if spelling else t for t in (route, text)]
                yield (table, state, terminal), texts[0], texts[1]


PLAIN = list(_cases())
REACHED = {(table, state): route for (table, state, _), route, _ in PLAIN}
# The reply's end in each state of a call, in an example.
CASES = PLAIN + [
    ((table, state, _T.EXAMPLE_CUT), "```\n" + route, "")
    for (table, state, terminal), route, _ in PLAIN
    if terminal is _T.CUT and (state, _T.EXAMPLE_CUT) in TABLES[table]
]


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
    _, parser = read(
        [route, text] if cut == "whole" else route + text, normal=terminal not in (_T.CUT, _T.EXAMPLE_CUT)
    )
    assert (table, state, terminal, TABLES[table][state, terminal].to) in parser.steps


@pytest.mark.parametrize("case", CASES, ids=_row_id)
def test_no_step_is_outside_the_table(case: tuple[Row, str, str]) -> None:
    (_, _, terminal), route, text = case
    _, parser = read([route + text], normal=terminal not in (_T.CUT, _T.EXAMPLE_CUT))
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
            parser.step(Token(terminal))
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

"""The rows that every call in tags shares, and those that every JSON call does; a dialect adds its own."""

from __future__ import annotations

from types import MappingProxyType

from roobridge.spelling.states import Action, State, Step, Table, Terminal

_S, _T, _A = State, Terminal, Action


def _in_example(rows: Table) -> Table:
    """The same rows, and what the reply's end does in their states while an example is open."""
    ends = [state for state, terminal in rows if terminal is _T.CUT]
    return MappingProxyType(
        {**rows, **{(state, _T.EXAMPLE_CUT): Step(_A.REREAD, _S.CONTENT) for state in ends}}
    )


# What went out of the call cannot be taken back, and half a call must not run (tests/laws/
# test_law9_no_half_call.py): what is left of the reply is dropped.
_BROKEN_ROWS: Table = {
    (_S.BROKEN, _T.TEXT): Step(_A.IGNORE, _S.BROKEN),
    (_S.BROKEN, _T.END): Step(_A.ABORT, _S.CONTENT),
    (_S.BROKEN, _T.CUT): Step(_A.ABORT, _S.CONTENT),
}


def held(state: State, undone: Action) -> Table:
    """The rows of a candidate that is text unless more of a call follows. undone: what makes it text."""
    return {
        (state, _T.SPACE): Step(_A.HOLD, state),
        **dict.fromkeys(((state, each) for each in (_T.TEXT, _T.END, _T.CUT)), Step(undone, _S.CONTENT)),
    }


def _doubted(state: State, repair: str = "") -> Table:
    """The rows of closing tags that text behind them gives back to the value, and that end the call where
    nothing follows. repair: what that end is.
    """
    return {
        (state, _T.SPACE): Step(_A.HOLD, state),
        (state, _T.MARK): Step(_A.HOLD, state),
        (state, _T.TEXT): Step(_A.RESUME, _S.VALUE),
        (state, _T.END): Step(_A.COMMIT, _S.CONTENT, repair),
        (state, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    }


def _chain(state: State) -> Table:
    """The rows of a chain that began with a parameter's closing tag."""
    return {
        **_doubted(state, "call_closed"),
        (state, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
        (state, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (state, _T.DOUBTED_CLOSE): Step(_A.HOLD, _S.CLOSED),
        (state, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_tool_close"),
        (state, _T.GARBLED): Step(_A.IGNORE, _S.BROKEN),
    }


# The rows that every call written in tags shares; a dialect adds its own and may replace some.
_TAG_ROWS: Table = {
    **held(_S.OPENED, _A.RELEASE),
    (_S.OPENED, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
    (_S.OPENED, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    # `<function=read_file>{…}` (fixtures/replies/rules/json_forms.json, `function-tag`).
    (_S.OPENED, _T.BRACE): Step(_A.READ, _S.OBJECT),
    # Prose or an element that is no parameter: only a parameter further on makes the tag a call, so that
    # a sentence which names the tool stays text.
    (_S.OPENED, _T.WORDS): Step(_A.HOLD, _S.AWAITING),
    **held(_S.AWAITING, _A.FORSAKE),
    (_S.AWAITING, _T.WORDS): Step(_A.HOLD, _S.AWAITING),
    (_S.AWAITING, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
    (_S.VALUE, _T.PARAM_CLOSE): Step(_A.HOLD, _S.CLOSING),
    (_S.VALUE, _T.NEAR_CLOSE): Step(_A.HOLD, _S.NEARLY),
    (_S.VALUE, _T.ODD_CLOSE): Step(_A.HOLD, _S.ODD),
    (_S.VALUE, _T.INNER_CLOSE): Step(_A.HOLD, _S.INNER),
    (_S.VALUE, _T.TOOL_CLOSE): Step(_A.HOLD, _S.TAIL),
    # Nearly the tool's closing tag, without the parameter's: only the reply's end makes it one.
    (_S.VALUE, _T.LATE_CLOSE): Step(_A.HOLD, _S.REST),
    # A file may hold an end-of-turn mark; only at the reply's end is it the turn's
    # (fixtures/replies/rules/qwen_malformed.json).
    (_S.VALUE, _T.MARK): Step(_A.HOLD, _S.REST),
    # The closing tag is missing: the next parameter ends the value.
    (_S.VALUE, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_parameter_close"),
    # The same opening tag directly behind itself.
    (_S.VALUE, _T.PARAM_AGAIN): Step(_A.DROP, _S.VALUE, "doubled_parameter_open"),
    # A `>` too many where the opening tag's line ends.
    (_S.VALUE, _T.TAG_END): Step(_A.DROP, _S.VALUE, "opening_tag_mended"),
    (_S.VALUE, _T.GARBLED): Step(_A.IGNORE, _S.BROKEN),
    (_S.VALUE, _T.END): Step(_A.COMMIT, _S.CONTENT, "value_closed"),
    (_S.VALUE, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    **_chain(_S.CLOSING),
    # The closing tag stands twice.
    (_S.CLOSING, _T.PARAM_CLOSE): Step(_A.HOLD, _S.CLOSING),
    (_S.CLOSING, _T.WORDS): Step(_A.HOLD, _S.BETWEEN),
    **_chain(_S.NEARLY),
    (_S.NEARLY, _T.PARAM_CLOSE): Step(_A.HOLD, _S.CLOSING),
    (_S.NEARLY, _T.LATE_CLOSE): Step(_A.HOLD, _S.PARTING),
    **_chain(_S.ODD),
    # A closing tag of anything may be the value's own last words: the reply's end alone proves nothing.
    (_S.ODD, _T.END): Step(_A.ABORT, _S.CONTENT),
    (_S.ODD, _T.LATE_CLOSE): Step(_A.HOLD, _S.PARTING),
    **_chain(_S.BETWEEN),
    (_S.BETWEEN, _T.WORDS): Step(_A.HOLD, _S.BETWEEN),
    (_S.BETWEEN, _T.LATE_CLOSE): Step(_A.HOLD, _S.PARTING),
    **_doubted(_S.PARTING),
    (_S.PARTING, _T.WORDS): Step(_A.HOLD, _S.PARTING),
    (_S.PARTING, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT),
    **_doubted(_S.INNER),
    (_S.INNER, _T.INNER_CLOSE): Step(_A.HOLD, _S.INNER),
    (_S.INNER, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
    # The closing tags so far are the value's own; this one may be the call's.
    (_S.INNER, _T.PARAM_CLOSE): Step(_A.SHIFT, _S.CLOSING),
    (_S.INNER, _T.TOOL_CLOSE): Step(_A.HOLD, _S.DOUBT),
    **_doubted(_S.DOUBT),
    (_S.DOUBT, _T.WORDS): Step(_A.HOLD, _S.PARTING),
    (_S.DOUBT, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT),
    # The last whole chain that ends the reply, or that a call follows, is the real one.
    (_S.CLOSED, _T.SPACE): Step(_A.HOLD, _S.CLOSED),
    (_S.CLOSED, _T.WORDS): Step(_A.HOLD, _S.CLOSED),
    (_S.CLOSED, _T.MARK): Step(_A.HOLD, _S.CLOSED),
    (_S.CLOSED, _T.PARAM_CLOSE): Step(_A.SHIFT, _S.CLOSING),
    (_S.CLOSED, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT),
    (_S.CLOSED, _T.END): Step(_A.COMMIT, _S.CONTENT),
    (_S.CLOSED, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    **_doubted(_S.TAIL, "parameter_closed"),
    (_S.TAIL, _T.MARK): Step(_A.HOLD, _S.REST),
    **_doubted(_S.REST, "parameter_closed"),
    **_BROKEN_ROWS,
}
TAG_ROWS = _in_example(_TAG_ROWS)

# A call in tags that stands in a wrapper, or should.
_SHARED_ROWS: Table = {
    **TAG_ROWS,
    # Only the wrapper closes.
    (_S.VALUE, _T.CALL_CLOSE): Step(_A.HOLD, _S.REST),
    (_S.REST, _T.CALL_CLOSE): Step(_A.HOLD, _S.REST),
    (_S.REST, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "parameter_closed"),
    (_S.INNER, _T.CALL_CLOSE): Step(_A.HOLD, _S.DOUBT),
    (_S.DOUBT, _T.CALL_CLOSE): Step(_A.HOLD, _S.DOUBT),
    (_S.PARTING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    (_S.PARTING, _T.DOUBTED_CLOSE): Step(_A.HOLD, _S.CLOSED),
    # The closing tag of the last parameter is missing: the tool's end and the wrapper's end it.
    (_S.TAIL, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
    (_S.TAIL, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
    # What the wrapper's end leaves open is closed with it.
    **{
        (state, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_function_close")
        for state in (_S.CLOSING, _S.NEARLY, _S.ODD, _S.BETWEEN)
    },
}

# Inside a wrapper the tool's closing tag counts only where the wrapper's follows, another call, or nothing.
_WRAPPED_ROWS: Table = {
    **_SHARED_ROWS,
    (_S.OPENED, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING_BARE),
    **{(state, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING) for state in (_S.CLOSING, _S.NEARLY, _S.ODD)},
    (_S.BETWEEN, _T.TOOL_CLOSE): Step(_A.HOLD, _S.PARTING),
    **_doubted(_S.ENDING, "missing_call_close"),
    (_S.ENDING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    (_S.ENDING, _T.DOUBTED_CLOSE): Step(_A.HOLD, _S.CLOSED),
    (_S.ENDING, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING),
    (_S.ENDING, _T.WORDS): Step(_A.HOLD, _S.PARTING),
    (_S.ENDING, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
    (_S.ENDING_BARE, _T.SPACE): Step(_A.HOLD, _S.ENDING_BARE),
    (_S.ENDING_BARE, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    (_S.ENDING_BARE, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
    (_S.ENDING_BARE, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
    (_S.ENDING_BARE, _T.END): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
    (_S.ENDING_BARE, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
}
WRAPPED_ROWS = _in_example(_WRAPPED_ROWS)

# The same without its wrapper.
BARE_ROWS: Table = MappingProxyType(
    {
        **_SHARED_ROWS,
        (_S.OPENED, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_call_open"),
        (_S.AWAITING, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_call_open"),
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_call_open"),
    }
)

# The rows that every call written as a JSON object shares.
_OBJECT_ROWS: Table = {
    (_S.OBJECT, _T.OBJECT_DONE): Step(_A.IGNORE, _S.OBJECT_END),
    (_S.OBJECT, _T.OBJECT_ALIEN): Step(_A.RELEASE, _S.ASTRAY),
    (_S.OBJECT, _T.OBJECT_BROKEN): Step(_A.IGNORE, _S.BROKEN),
    # The wrapper's end outweighs a brace that is missing (fixtures/replies/rules/hermes_malformed.json).
    (_S.OBJECT, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "json_missing_brace"),
    (_S.OBJECT, _T.TOOL_CLOSE): Step(_A.IGNORE, _S.OBJECT_END, "json_missing_brace"),
    (_S.OBJECT, _T.END): Step(_A.COMMIT, _S.CONTENT, "call_closed"),
    (_S.OBJECT, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    (_S.OBJECT_END, _T.SPACE): Step(_A.HOLD, _S.OBJECT_END),
    (_S.OBJECT_END, _T.BRACE): Step(_A.IGNORE, _S.OBJECT_END, "json_extra_brace"),
    (_S.OBJECT_END, _T.BRACKET): Step(_A.IGNORE, _S.OBJECT_END, "json_array_of_calls"),
    # Two objects in one wrapper; the templates of Qwen2.5 and Qwen3 write a wrapper for each call.
    (_S.OBJECT_END, _T.NEXT_CALL): Step(_A.COMMIT, _S.WRAPPED, "missing_call_close"),
    (_S.OBJECT_END, _T.TOOL_CLOSE): Step(_A.IGNORE, _S.OBJECT_END),
    (_S.OBJECT_END, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    # The object is whole: unlike a value in tags, nothing behind it can belong to it.
    (_S.OBJECT_END, _T.TEXT): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
    (_S.OBJECT_END, _T.END): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
    (_S.OBJECT_END, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    **_BROKEN_ROWS,
}
OBJECT_ROWS = _in_example(_OBJECT_ROWS)

# A call whose tags name the tool, around an object of its arguments.
_ARGUMENT_ROWS: Table = {
    **OBJECT_ROWS,
    **held(_S.OPENED, _A.RELEASE),
    (_S.OPENED, _T.BRACE): Step(_A.READ, _S.OBJECT),
    # The wrapper is for several calls.
    (_S.OBJECT_END, _T.NEXT_CALL): Step(_A.COMMIT, _S.WRAPPED),
}
ARGUMENT_ROWS = _in_example(_ARGUMENT_ROWS)

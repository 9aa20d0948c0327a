"""The machine's states, its terminals, and every transition that does not belong to one dialect.

Laws (design, section 3; each has a property test of its own):

1. Partition: cutting the text elsewhere changes no event, once adjacent Text, Value and Reasoning merge.
2. Promptness: what is kept back is a live prefix of a terminal and the white space it decides about, a
   candidate whose fate is open, or a call whose name is not known yet.
3. Linearity: a character is examined a bounded number of times (`Parser.examined` counts).

Theory of operation. A lexer belongs to each state and turns characters into terminals: it decides by
what is declared and by context (a tag in a code span is TEXT), so that the tables stay free of
conditions. `(state, terminal)` is looked up in the table of the open call's dialect, or in CONTENT_TABLE
outside a call; absence means that the lexer of that state never gives that terminal: it is refused. A
candidate is a run of terminals in `pending` that no event has been given for yet: COMMIT turns it into
events, RELEASE into text, RESUME into characters of the open value. Nothing changes the state but a
table's row.

        CONTENT --TOOL_OPEN--> OPENED --PARAM_OPEN--> VALUE --PARAM_CLOSE--> CLOSING --TOOL_CLOSE--> CONTENT
           |                     '--TEXT--> CONTENT     |                       |--PARAM_OPEN--> VALUE
           |                                            |                       '--TEXT--> VALUE
           |                                            |--TOOL_CLOSE--> TAIL --END--> CONTENT
           |                                            '--MARK--> REST --END--> CONTENT
           |--COMPLETION_OPEN--> COMPLETION --TEXT--> LOOSE --TOOL_CLOSE--> CONTENT
           |--CALL_OPEN--> WRAPPED --TOOL_OPEN--> OPENED --TOOL_CLOSE--> ENDING_BARE --CALL_CLOSE--> CONTENT
           |                  |       CLOSING --TOOL_CLOSE--> ENDING --CALL_CLOSE--> CONTENT
           |                  '--BRACE--> OBJECT --OBJECT_DONE--> OBJECT_END --CALL_CLOSE--> CONTENT
           |                                 '--OBJECT_BROKEN--> BROKEN --END--> CONTENT
           |--THINK_OPEN--> REASONING --THINK_CLOSE--> CONTENT
           |--STRAY_CLOSE--> STRAY --TEXT--> CONTENT
           |--MARK--> MARKED --TEXT--> CONTENT
           |             '--MARK--> DROPPED
           '--FENCE_OPEN--> FENCE --BRACE--> FENCED --FENCE_CLOSE--> CONTENT
                              '--TOOL_OPEN--> OPENED     EXAMPLE_END --END--> CONTENT

What does not fit the tables: a tag in a fence, a quote or an indented block opens an *example*, a
candidate of a whole call. Its events are kept aside until the reply's end shows that it is the call
(`example.py`); the states are the same meanwhile, but the call's end leads to EXAMPLE_END.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

import msgspec


class State(Enum):
    """Where the machine stands."""

    CONTENT = auto()  # outside every call
    REASONING = auto()  # inside <think>
    STRAY = auto()  # after a closing tag that closes nothing: alone on its line?
    MARKED = auto()  # after an end-of-turn mark: does anything follow?
    DROPPED = auto()  # behind an end-of-turn mark: nothing counts any more
    FENCE = auto()  # a code fence's opening line: what does its body begin with?
    FENCED = auto()  # the body of a fence that may be one JSON call
    EXAMPLE_END = auto()  # after a whole call inside a fence, quote or indented block
    WRAPPED = auto()  # after <tool_call>
    OPENED = auto()  # after a tool's opening tag: does its grammar go on?
    COMPLETION = auto()  # the same for the completion at a line's start, which text may follow
    LOOSE = auto()  # in a completion that has text where its parameter should stand
    VALUE = auto()  # inside a parameter
    CLOSING = auto()  # after a parameter's closing tag: does the grammar go on?
    ENDING = auto()  # after the tool's closing tag, where a wrapper must close too
    ENDING_BARE = auto()  # the same, in a call without parameters
    TAIL = auto()  # in a value, after the tool's closing tag without the parameter's
    REST = auto()  # in a value, after what can only stand at the reply's end
    OBJECT = auto()  # inside a JSON call
    OBJECT_END = auto()  # after the JSON call's last brace
    BROKEN = auto()  # a started call that stopped making sense


class Terminal(Enum):
    """What the lexers find."""

    TEXT = auto()  # anything that is no terminal here
    SPACE = auto()  # white space whose meaning is open
    TOOL_OPEN = auto()
    COMPLETION_OPEN = auto()  # the completion's opening tag at a line's start
    CALL_OPEN = auto()  # the wrapper around a call: <tool_call>
    PARAM_OPEN = auto()
    PARAM_CLOSE = auto()
    TOOL_CLOSE = auto()
    CALL_CLOSE = auto()
    NEXT_CALL = auto()  # another call begins where a closing tag should stand
    BRACE = auto()
    BRACKET = auto()  # several JSON calls written as an array
    OBJECT_DONE = auto()
    OBJECT_ALIEN = auto()  # not a call of a declared tool, and nothing was said yet
    OBJECT_BROKEN = auto()  # not JSON any more, after the call was announced
    THINK_OPEN = auto()
    THINK_CLOSE = auto()
    THINK_END = auto()  # a closing tag of thinking that never opened
    STRAY_CLOSE = auto()
    STRAY_NOISE = auto()  # the same directly after a call
    MARK = auto()
    FENCE_OPEN = auto()
    FENCE_CLOSE = auto()
    END = auto()  # a normal end that may close what is open
    CUT = auto()  # an end that leaves what is open unfinished


class Action(Enum):
    """What a row does with its terminal; the engine has one method for each."""

    TEXT = auto()  # it is text
    HOLD = auto()  # add it to the candidate
    OPEN = auto()  # begin a candidate of the terminal's dialect
    COMMIT = auto()  # the candidate is what it looks like: give its events
    RELEASE = auto()  # the candidate is text after all
    RESUME = auto()  # the candidate belongs to the open value after all
    DROP = auto()  # the candidate is noise
    GATHER = auto()  # its own closing tag came: the text is its value
    FORSAKE = auto()  # it never came: the tag was text, read what follows again
    SPEAK = auto()  # reasoning ends or begins
    ASIDE = auto()  # the text so far was reasoning
    FENCE = auto()  # a code fence opens
    READ = auto()  # begin a JSON call
    JUDGE = auto()  # the fenced body is whole: a call, or text
    ADMIT = auto()  # the example is the call
    REFUSE = auto()  # the example is an example
    ABORT = auto()  # the call is unfinished
    STOP = auto()  # nothing more to do


class Step(msgspec.Struct, frozen=True):
    """One row: what to do, the state after it, and the repair that doing so is."""

    action: Action
    to: State
    repair: str = ""


class UndefinedStepError(LookupError):
    """A lexer gave a terminal that has no row in its state: a fault of the machine, whatever the text."""

    def __init__(self, state: State, terminal: Terminal) -> None:
        super().__init__(f"the machine has no row for {terminal.name} in state {state.name}")
        self.state = state
        self.terminal = terminal


Table = Mapping[tuple[State, Terminal], Step]

_S, _T, _A = State, Terminal, Action

CONTENT_TABLE: Table = MappingProxyType(
    {
        (_S.CONTENT, _T.TEXT): Step(_A.TEXT, _S.CONTENT),
        (_S.CONTENT, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.CONTENT, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.COMPLETION),
        (_S.CONTENT, _T.CALL_OPEN): Step(_A.OPEN, _S.WRAPPED),
        (_S.CONTENT, _T.THINK_OPEN): Step(_A.SPEAK, _S.REASONING),
        (_S.CONTENT, _T.THINK_END): Step(_A.ASIDE, _S.CONTENT, "missing_think_open"),
        (_S.CONTENT, _T.STRAY_CLOSE): Step(_A.HOLD, _S.STRAY),
        (_S.CONTENT, _T.STRAY_NOISE): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.CONTENT, _T.MARK): Step(_A.HOLD, _S.MARKED),
        (_S.CONTENT, _T.FENCE_OPEN): Step(_A.HOLD, _S.FENCE),
        (_S.CONTENT, _T.END): Step(_A.STOP, _S.CONTENT),
        (_S.CONTENT, _T.CUT): Step(_A.STOP, _S.CONTENT),
        (_S.REASONING, _T.THINK_CLOSE): Step(_A.SPEAK, _S.CONTENT),
        (_S.REASONING, _T.END): Step(_A.STOP, _S.REASONING),
        (_S.REASONING, _T.CUT): Step(_A.STOP, _S.REASONING),
        # Several closing tags in a row on one line are noise together.
        (_S.STRAY, _T.STRAY_CLOSE): Step(_A.HOLD, _S.STRAY),
        (_S.STRAY, _T.SPACE): Step(_A.HOLD, _S.STRAY),
        (_S.STRAY, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.STRAY, _T.STRAY_NOISE): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.STRAY, _T.END): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.STRAY, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
        (_S.MARKED, _T.SPACE): Step(_A.HOLD, _S.MARKED),
        (_S.MARKED, _T.MARK): Step(_A.DROP, _S.DROPPED, "end_mark"),
        (_S.MARKED, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.MARKED, _T.END): Step(_A.DROP, _S.CONTENT, "end_mark"),
        (_S.MARKED, _T.CUT): Step(_A.DROP, _S.CONTENT, "end_mark"),
        (_S.DROPPED, _T.TEXT): Step(_A.STOP, _S.DROPPED),
        (_S.DROPPED, _T.END): Step(_A.STOP, _S.DROPPED),
        (_S.DROPPED, _T.CUT): Step(_A.STOP, _S.DROPPED),
        (_S.FENCE, _T.TEXT): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCE, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.FENCE, _T.CALL_OPEN): Step(_A.OPEN, _S.WRAPPED),
        (_S.FENCE, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.FENCE, _T.BRACE): Step(_A.HOLD, _S.FENCED),
        (_S.FENCE, _T.END): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCE, _T.CUT): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCED, _T.FENCE_CLOSE): Step(_A.JUDGE, _S.CONTENT),
        # A fence that the reply's end closes is closed all the same (CommonMark 0.31, 4.5).
        (_S.FENCED, _T.END): Step(_A.JUDGE, _S.CONTENT),
        (_S.FENCED, _T.CUT): Step(_A.JUDGE, _S.CONTENT),
        (_S.EXAMPLE_END, _T.SPACE): Step(_A.STOP, _S.EXAMPLE_END),
        (_S.EXAMPLE_END, _T.FENCE_CLOSE): Step(_A.STOP, _S.EXAMPLE_END),
        (_S.EXAMPLE_END, _T.TEXT): Step(_A.REFUSE, _S.CONTENT),
        (_S.EXAMPLE_END, _T.END): Step(_A.ADMIT, _S.CONTENT, "fenced_call"),
        (_S.EXAMPLE_END, _T.CUT): Step(_A.REFUSE, _S.CONTENT),
        (_S.WRAPPED, _T.SPACE): Step(_A.HOLD, _S.WRAPPED),
        (_S.WRAPPED, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.WRAPPED, _T.BRACE): Step(_A.READ, _S.OBJECT),
        (_S.WRAPPED, _T.BRACKET): Step(_A.HOLD, _S.WRAPPED),
        (_S.WRAPPED, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.WRAPPED, _T.END): Step(_A.RELEASE, _S.CONTENT),
        (_S.WRAPPED, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
    }
)

# The rows that every call written in tags shares; a dialect adds its own and may replace some.
TAG_ROWS: Table = MappingProxyType(
    {
        (_S.OPENED, _T.SPACE): Step(_A.HOLD, _S.OPENED),
        (_S.OPENED, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.OPENED, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.OPENED, _T.END): Step(_A.RELEASE, _S.CONTENT),
        (_S.OPENED, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
        (_S.VALUE, _T.PARAM_CLOSE): Step(_A.HOLD, _S.CLOSING),
        (_S.VALUE, _T.TOOL_CLOSE): Step(_A.HOLD, _S.TAIL),
        (_S.VALUE, _T.MARK): Step(_A.HOLD, _S.REST),
        (_S.VALUE, _T.END): Step(_A.COMMIT, _S.CONTENT, "value_closed"),
        (_S.VALUE, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.CLOSING, _T.SPACE): Step(_A.HOLD, _S.CLOSING),
        (_S.CLOSING, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
        (_S.CLOSING, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.CLOSING, _T.MARK): Step(_A.HOLD, _S.CLOSING),
        (_S.CLOSING, _T.TEXT): Step(_A.RESUME, _S.VALUE),
        (_S.CLOSING, _T.END): Step(_A.COMMIT, _S.CONTENT, "call_closed"),
        (_S.CLOSING, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.TAIL, _T.SPACE): Step(_A.HOLD, _S.TAIL),
        (_S.TAIL, _T.MARK): Step(_A.HOLD, _S.REST),
        (_S.TAIL, _T.TEXT): Step(_A.RESUME, _S.VALUE),
        (_S.TAIL, _T.END): Step(_A.COMMIT, _S.CONTENT, "parameter_closed"),
        (_S.TAIL, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.REST, _T.SPACE): Step(_A.HOLD, _S.REST),
        (_S.REST, _T.MARK): Step(_A.HOLD, _S.REST),
        (_S.REST, _T.TEXT): Step(_A.RESUME, _S.VALUE),
        (_S.REST, _T.END): Step(_A.COMMIT, _S.CONTENT, "parameter_closed"),
        (_S.REST, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    }
)

# The rows that every call written as a JSON object shares.
OBJECT_ROWS: Table = MappingProxyType(
    {
        (_S.OBJECT, _T.OBJECT_DONE): Step(_A.STOP, _S.OBJECT_END),
        (_S.OBJECT, _T.OBJECT_ALIEN): Step(_A.RELEASE, _S.CONTENT),
        (_S.OBJECT, _T.OBJECT_BROKEN): Step(_A.STOP, _S.BROKEN),
        (_S.OBJECT, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "json_missing_brace"),
        (_S.OBJECT, _T.END): Step(_A.COMMIT, _S.CONTENT, "call_closed"),
        (_S.OBJECT, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.OBJECT_END, _T.SPACE): Step(_A.STOP, _S.OBJECT_END),
        (_S.OBJECT_END, _T.BRACE): Step(_A.STOP, _S.OBJECT_END, "json_extra_brace"),
        (_S.OBJECT_END, _T.BRACKET): Step(_A.STOP, _S.OBJECT_END, "json_array_of_calls"),
        (_S.OBJECT_END, _T.NEXT_CALL): Step(_A.COMMIT, _S.WRAPPED, "missing_call_close"),
        (_S.OBJECT_END, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.OBJECT_END, _T.TEXT): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.OBJECT_END, _T.END): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.OBJECT_END, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.BROKEN, _T.TEXT): Step(_A.STOP, _S.BROKEN),
        (_S.BROKEN, _T.END): Step(_A.ABORT, _S.CONTENT),
        (_S.BROKEN, _T.CUT): Step(_A.ABORT, _S.CONTENT),
    }
)

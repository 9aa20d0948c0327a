"""The machine's states, its terminals and its actions; the rows stand beside, and in the dialects.

Laws (each has a property test of its own; tests/laws/README.md lists all ten):

1. Partition: cutting the text elsewhere changes no event, once adjacent Text, Value and Reasoning merge.
2. Promptness: what is kept back is a live prefix of a terminal and the white space it decides about, a
   candidate whose fate is open, or a call whose name is not known yet.
3. Linearity: a character is examined a bounded number of times (`Parser.examined` counts).

Theory of operation. A lexer belongs to each state and turns characters into terminals: it decides by
what is declared and by context (a tag in a code span is TEXT), so that the tables stay free of
conditions. `(state, terminal)` is looked up in the table of the open call's dialect, or in CONTENT_TABLE
outside a call; absence means that the lexer of that state never gives that terminal: it is refused. A
candidate is a run of terminals held back that no event has been given for yet: COMMIT turns it into
events, RELEASE into text, RESUME into characters of the open value. Nothing changes the state but a
table's row.

        CONTENT --TOOL_OPEN--> OPENED --PARAM_OPEN--> VALUE --PARAM_CLOSE--> CLOSING --TOOL_CLOSE--> CONTENT
           |                     |--TEXT--> CONTENT     |                       |--PARAM_OPEN--> VALUE
           |                     '--WORDS--> AWAITING   |                       |--TEXT--> VALUE
           |                                            |                       '--WORDS--> BETWEEN
           |                                            |--NEAR_CLOSE--> NEARLY --LATE_CLOSE--> PARTING
           |                                            |--ODD_CLOSE--> ODD --TEXT--> VALUE
           |                                            |--INNER_CLOSE--> INNER --TOOL_CLOSE--> DOUBT
           |                                            |  CLOSING --DOUBTED_CLOSE--> CLOSED --END--> CONTENT
           |                                            |--TOOL_CLOSE--> TAIL --END--> CONTENT
           |                                            |--MARK--> REST --END--> CONTENT
           |                                            '--GARBLED--> BROKEN --END--> CONTENT
           |--COMPLETION_OPEN--> COMPLETION --TEXT--> LOOSE --TOOL_CLOSE--> CONTENT
           |--CALL_OPEN--> WRAPPED --TOOL_OPEN--> OPENED --TOOL_CLOSE--> ENDING_BARE --CALL_CLOSE--> CONTENT
           |                  |       CLOSING --TOOL_CLOSE--> ENDING --CALL_CLOSE--> CONTENT
           |                  '--BRACE--> OBJECT --OBJECT_DONE--> OBJECT_END --CALL_CLOSE--> CONTENT
           |                                 |--OBJECT_ALIEN--> ASTRAY --STRAY_NOISE--> CONTENT
           |                                 '--OBJECT_BROKEN--> BROKEN --END--> CONTENT
           |--ALIEN_OPEN--> ALIEN --TOOL_CLOSE--> CONTENT
           |--THINK_OPEN--> REASONING --THINK_CLOSE--> CONTENT
           |--STRAY_CLOSE--> STRAY --TEXT--> CONTENT
           |--MARK--> MARKED --TEXT--> CONTENT
           |             '--MARK--> DROPPED
           |--BRACE--> LONE --OBJECT_DONE--> KEPT --END--> CONTENT
           '--FENCE_OPEN--> FENCE --BRACE--> FENCED --FENCE_CLOSE--> KEPT
                              '--TOOL_OPEN--> OPENED     EXAMPLE_END --FENCE_CLOSE--> EXAMPLE_OVER

Where a value ends. Its own closing tag begins a *chain* of closing tags, and what follows decides: another
parameter, the tool's or the wrapper's closing tag, an opener of a declared tool or the reply's end make the
chain the call's; anything else gives it back to the value. Words without a tag of the dialect up to the
next closing tag (BETWEEN, PARTING) stand beside the call. The openers inside a value are counted, and as many
closing tags are its own (INNER); where the count does not come out (DOUBT), the chain is the call's if it
ends the reply or another call follows. A whole chain of which the value may only speak (in quotes, in a fence
of its own, with words on the chain's line) waits (CLOSED) for another one that ends the reply, which is the
real one then. A closing tag that is near the right one (NEARLY), or any at the end of a value that holds none
(ODD), is the right one where the call goes on behind it.

A tag in a fence, a quote or an indented block opens an *example*, a candidate of a whole call: its events
are kept aside until the reply's end shows that it is the call (`parser/example.py`). The states are the
same meanwhile; back in CONTENT the machine gives itself EXAMPLE_CALL or EXAMPLE_TEXT, and an end in any
state of the call gives EXAMPLE_CUT. A JSON call in a fence or alone on its lines is kept as text until then
(`parser/json_block.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import msgspec


class _Key(Enum):
    """Members are single objects, so their identity is their hash: the tables are looked up at every tag, and
    Enum's own hash is a call of Python.
    """

    __hash__ = object.__hash__


class State(_Key):
    """Where the machine stands."""

    CONTENT = auto()  # outside every call
    REASONING = auto()  # inside <think>
    STRAY = auto()  # after a closing tag that closes nothing: alone on its line?
    MARKED = auto()  # after an end-of-turn mark: does anything follow?
    DROPPED = auto()  # behind an end-of-turn mark: nothing counts any more
    FENCE = auto()  # a code fence's opening line: what does its body begin with?
    FENCED = auto()  # the body of a fence that may be JSON calls
    LONE = auto()  # what begins as a JSON call at a line's start
    KEPT = auto()  # after such a fence or call: does anything follow?
    EXAMPLE_END = auto()  # after a whole call inside a fence, quote or indented block
    EXAMPLE_OVER = auto()  # the same, after the fence's end
    ALIEN = auto()  # inside a call of a tool that is not declared: no call in it counts
    ASTRAY = auto()  # in what began as a JSON call and is none: no call in its lines counts
    WRAPPED = auto()  # after <tool_call>
    OPENED = auto()  # after a tool's opening tag: does its grammar go on?
    AWAITING = auto()  # the same, and words came where its first parameter should stand
    COMPLETION = auto()  # the same for the completion at a line's start, which text may follow
    LOOSE = auto()  # in a completion that has text where its parameter should stand
    VALUE = auto()  # inside a parameter
    CLOSING = auto()  # after a parameter's closing tag: does the grammar go on?
    NEARLY = auto()  # the same, after a closing tag that is near the right one
    ODD = auto()  # the same, after any closing tag in a value that holds none
    INNER = auto()  # the same, after closing tags for which the value holds openers
    DOUBT = auto()  # the same, where the tool's or the wrapper's closing tag has no opener in the value
    BETWEEN = auto()  # after a parameter's closing tag and words
    PARTING = auto()  # after the tool's closing tag and words, in either order
    ENDING = auto()  # after the tool's closing tag, where a wrapper must close too
    ENDING_BARE = auto()  # the same, in a call without parameters
    CLOSED = auto()  # after the whole chain of closing tags, where the value may still go on
    TAIL = auto()  # in a value, after the tool's closing tag without the parameter's
    REST = auto()  # in a value, after what can only stand at the reply's end
    OBJECT = auto()  # inside a JSON call
    OBJECT_END = auto()  # after the JSON call's last brace
    BROKEN = auto()  # a started call that stopped making sense


class Terminal(_Key):
    """What the lexers find."""

    TEXT = auto()  # anything that is no terminal here
    BLOCK = auto()  # text before the point where a new Markdown block begins
    SPACE = auto()  # white space whose meaning is open
    TOOL_OPEN = auto()
    COMPLETION_OPEN = auto()  # the completion's opening tag at a line's start
    ALIEN_OPEN = auto()  # a function's opening tag, of a tool that is not declared
    CALL_OPEN = auto()  # the wrapper around a call: <tool_call>
    PARAM_OPEN = auto()
    PARAM_AGAIN = auto()  # the open parameter's opening tag, directly behind itself
    TAG_END = auto()  # the `>` of an opening tag once more
    PARAM_CLOSE = auto()
    TOOL_CLOSE = auto()
    CALL_CLOSE = auto()
    NEAR_CLOSE = auto()  # nearly the parameter's closing tag
    ODD_CLOSE = auto()  # a closing tag in a value that holds none
    INNER_CLOSE = auto()  # a closing tag whose opener stands in the value
    LATE_CLOSE = auto()  # the tool's closing tag after prose, or nearly it after nearly the parameter's
    DOUBTED_CLOSE = auto()  # the last closing tag of a chain that the value may only speak of
    GARBLED = auto()  # markup of the call that cannot be read, or that a value swallowed
    WORDS = auto()  # what is none of the dialect's tags, where one should stand
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
    EXAMPLE_CALL = auto()  # the open example's call is whole
    EXAMPLE_TEXT = auto()  # what is read in the open example is no call
    EXAMPLE_CUT = auto()  # the reply ended inside the open example's call
    END = auto()  # a normal end that may close what is open
    CUT = auto()  # an end that leaves what is open unfinished


# What begins a candidate of a call.
OPENS_CALL = frozenset({Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN})
# Where a call that tags name waits for its first parameter.
BEFORE_VALUE = frozenset({State.OPENED, State.AWAITING})


class Action(_Key):
    """What a row does with its terminal; the engine has one method for each."""

    TEXT = auto()  # it is text
    BREAK = auto()  # it is text, and the next text begins a block
    HOLD = auto()  # add it to the candidate
    OPEN = auto()  # begin a candidate of the terminal's dialect
    COMMIT = auto()  # the candidate is what it looks like: give its events
    RELEASE = auto()  # the candidate is text after all
    RESUME = auto()  # the candidate belongs to the open value after all
    DROP = auto()  # the candidate is noise
    GATHER = auto()  # its own closing tag came: the text is its value
    FORSAKE = auto()  # the tag was text, read what follows again
    ABANDON = auto()  # the same, as its own closing tag never came: nor does it come for another one
    SHIFT = auto()  # what is held belongs to the open value, and this begins another chain
    SPEAK = auto()  # reasoning ends or begins
    THINK = auto()  # it is reasoning
    ASIDE = auto()  # the text so far was reasoning
    FENCE = auto()  # a code fence opens
    READ = auto()  # begin a JSON call
    KEEP = auto()  # it belongs to what may be the reply's last JSON call
    JUDGE = auto()  # the reply ends behind it: a call, or text
    YIELD = auto()  # it is text: read on behind its beginning
    ADMIT = auto()  # the example is the call
    REFUSE = auto()  # the example is an example
    REREAD = auto()  # the same, and its tag was text: read what follows again
    ABORT = auto()  # the call is unfinished
    IGNORE = auto()  # it says nothing that is not known
    OVER = auto()  # the reply is over, and nothing is open


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

"""One JSON object as it streams: keys, strings character by character, every other value when it is whole.

The text is never read again: a string's characters leave as they come (escapes once they are complete),
and the raw text of other values is only measured for where it ends.
"""

from __future__ import annotations

import re

from roobridge.jsontext.lenient import normalise
from roobridge.jsontext.modes import TABLE, Char, Mode, Turn, class_of
from roobridge.jsontext.quotes import Quotes, Verdict
from roobridge.jsontext.raw import Comment, RawValue
from roobridge.jsontext.sink import Sink
from roobridge.jsontext.strings import StringDecoder

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[\w$]+")
# Where prose or code in braces reads the same so far: `{` alone, or a word that may be a key.
_UNSURE = frozenset({Mode.START, Mode.FIRST, Mode.BARE, Mode.COLON, Mode.LEAD_STRING, Mode.BROKEN})
_STRINGS = frozenset({Mode.STRING, Mode.KEY_STRING, Mode.LEAD_STRING, Mode.ENCODED})


class ObjectReader:
    """Reads one object; `read` takes the text in pieces cut anywhere.

    quotes: tells quotes inside a string from its end; None where the first one is the end. Where it needs
    more text, `read` stops before the quote, and is to be called with that text again and more.
    """

    def __init__(self, sink: Sink, quotes: Quotes | None = None) -> None:
        self._mode = Mode.START
        self.waiting = False  # `read` stopped before a quote
        self.quotes = quotes
        self._sink = sink
        self._parts: list[str] = []  # of the key being read
        self._string = StringDecoder(sink.repaired)
        self._raw = RawValue()
        self._comment = Comment()
        self._nested: ObjectReader | None = None
        self._overfull = False  # something followed the object in its string
        self._taken = False  # the sink reads the value that follows
        self._broke_after_value = False

    @property
    def done(self) -> bool:
        """The object is whole."""
        return self._mode is Mode.DONE

    @property
    def broken(self) -> bool:
        """What came is no object."""
        return self._mode is Mode.BROKEN

    @property
    def over(self) -> bool:
        return self._mode is Mode.DONE or self._mode is Mode.BROKEN

    @property
    def taken(self) -> bool:
        """The sink reads a value."""
        return self._mode is Mode.TAKEN

    @property
    def lines(self) -> bool:
        """The open string goes over a line's end, which JSON does not allow."""
        return self._string.lines

    @property
    def sound(self) -> bool:
        """What was read so far can only be an object of members."""
        if self._mode is Mode.ENCODED:
            return self._nested is not None and self._nested.sound
        return self._mode not in _UNSURE

    @property
    def lacks_brace(self) -> bool:
        """It broke where its closing brace should stand."""
        return self._mode is Mode.BROKEN and self._broke_after_value

    def flow(self, text: str) -> str:
        """Take text that stays within the open string; gives its characters. Otherwise gives nothing, and
        nothing is taken.
        """
        return self._string.flow(text) if self._mode is Mode.STRING else ""

    def read(self, text: str, i: int) -> int:
        """Read on at text[i] until the object is over or the text ends; gives where it stopped."""
        self.waiting = False
        while i < len(text) and not (self.over or self.waiting):
            if self._mode in _STRINGS:
                i = self._read_string(text, i)
            elif self._mode is Mode.RAW:
                i = self._read_raw(text, i)
            elif self._mode is Mode.TAKEN:
                before = i
                i, whole = self._sink.read_value(text, i)
                if whole:
                    self._turn(Turn.ENDED)
                self.waiting = i == before and self._mode is Mode.TAKEN
            elif self._mode is Mode.BARE:
                i = self._read_bare(text, i)
            else:
                i = self._read_between(text, i)
        return i

    # -- what the sink finds out -----------------------------------------------------------------------

    def refuse(self) -> None:
        """What came is nothing that the sink can use: the object is broken."""
        self._turn(Turn.REFUSED)

    def begin(self) -> None:
        """Nothing was read yet, and a value follows: the brace and the first key were read elsewhere."""
        self._turn(Turn.BEGUN)

    def stand_for_empty(self) -> None:
        """Nothing was read yet, and nothing is to be: something else says that there are no members."""
        self._turn(Turn.ABSENT)

    def give_back(self) -> None:
        """The sink leaves the value that it was to read to this reader."""
        self._turn(Turn.RETURNED)

    def enter(self) -> None:
        """The value is an object, whose brace the sink has read: its members are read as this one's."""
        self._turn(Turn.ENTERED)

    def leave(self) -> None:
        """The object that ended was one that was entered: what is around it goes on."""
        self._turn(Turn.REOPENED)

    def end(self) -> None:
        """With its value the sink has read this object's closing brace."""
        self._turn(Turn.CLOSED)

    # -- the end ---------------------------------------------------------------------------------------

    @property
    def has_value(self) -> bool:
        """A value is whole, or the sink's to judge: nothing but a comma or closing brace is missing."""
        return self._mode in (Mode.NEXT, Mode.TAKEN, Mode.DONE)

    def close(self) -> bool:
        """The text ended. Whether the object may count as whole: every value is closed."""
        if self._mode is Mode.RAW and self._raw.closed:
            self._end_raw()
        if self._mode is Mode.ENCODED and self._nested is not None:
            return self._nested.over or self._nested.close()
        return self._mode in (Mode.NEXT, Mode.KEY, Mode.DONE)

    def _read_between(self, text: str, i: int) -> int:
        if self._comment.open:
            return self._read_comment(text, i)
        char = text[i]
        if char.isspace():
            found = _SPACE.match(text, i)
            return found.end() if found else i + 1
        if char in "/#":
            self._comment.start(char)
            return i + 1
        before = self._mode
        to = self._turn(class_of(char))
        if to is Mode.BROKEN:
            self._broke_after_value = before in (Mode.NEXT, Mode.KEY)
            return i
        if to is Mode.DONE and before is Mode.KEY:
            self._sink.repaired("json_trailing_comma")
        if to is Mode.VALUE and self._taken:
            self._turn(Turn.TAKEN)
        if to in (Mode.RAW, Mode.BARE):
            return i
        if to in _STRINGS:
            self._string.start(char)
            if char == "'":
                self._sink.repaired("python_literal")
            if to is Mode.STRING:
                if self.quotes is not None:
                    self.quotes.begin()
                self._sink.string_start()
        return i + 1

    def _turn(self, what: Char | Turn) -> Mode:
        """Do what the table says; gives the new mode."""
        self._mode = TABLE.get((self._mode, what), Mode.BROKEN)
        return self._mode

    def _read_comment(self, text: str, i: int) -> int:
        i = self._comment.read(text, i)
        if self._comment.broken:
            self._turn(Turn.REFUSED)
        elif not self._comment.open:
            self._sink.repaired("json_comment")
        return i

    def _read_string(self, text: str, i: int) -> int:
        chars, end, ended = self._string.read(text, i)
        if chars:
            self._put(chars)
        if ended and self._mode is Mode.STRING and self.quotes is not None:
            return self._judge(self.quotes, text, end)
        if ended and self._mode is not Mode.BROKEN:
            self._end_string()
        return end

    def _judge(self, quotes: Quotes, text: str, after: int) -> int:
        """A quote stands before text[after] in an open string."""
        mended, verdict = quotes.mended, quotes.judge(text, after)
        if verdict is Verdict.MORE:
            self.waiting = True
            return after - 1
        if verdict is Verdict.BROKEN:
            self._broke_after_value = False
            self._turn(Turn.REFUSED)
        elif verdict is Verdict.END:
            self._end_string()
        else:
            if not mended:
                self._sink.repaired("unescaped_quote")
            self._put(text[after - 1])
        return after

    def _put(self, chars: str) -> None:
        if self._mode is Mode.STRING:
            self._sink.chars(chars)
        elif self._mode is Mode.ENCODED and self._nested is not None:
            self._put_encoded(self._nested, chars)
        elif self._mode is Mode.LEAD_STRING and not self._parts:
            self._put_lead(chars.lstrip())
        else:
            self._parts.append(chars)

    def _put_lead(self, chars: str) -> None:
        """The first characters of the string that stands where the object should begin."""
        if chars.startswith("{"):
            # Read as it comes, not once it is whole: a file in it would wait for its last character (law 2).
            self._nested = ObjectReader(self._sink)
            self._turn(Turn.OBJECT)
            self._sink.repaired("arguments_as_string")
            self._put_encoded(self._nested, chars)
        elif chars:
            self._parts.append(chars)

    def _put_encoded(self, nested: ObjectReader, chars: str) -> None:
        end = 0 if nested.over else nested.read(chars, 0)
        if nested.broken:
            self._turn(Turn.REFUSED)
        elif nested.done and chars[end:].strip() and not self._overfull:
            self._overfull = True
            self._sink.repaired("arguments_tail_dropped")

    def _end_string(self) -> None:
        mode = self._mode
        if mode is Mode.STRING:
            self._turn(Turn.ENDED)
            self._sink.string_end()
        elif mode is Mode.ENCODED:
            whole = self._nested is not None and (self._nested.done or self._nested.close())
            self._turn(Turn.ENDED if whole else Turn.REFUSED)
        elif mode is Mode.LEAD_STRING and not self._parts:
            self._sink.repaired("arguments_as_string")
            self._turn(Turn.ENDED)
        else:
            if mode is Mode.LEAD_STRING:
                self._sink.repaired("json_missing_brace")
            self._end_key()

    def _end_key(self) -> None:
        name = "".join(self._parts)
        self._parts.clear()
        self._turn(Turn.NAMED)
        self._taken = self._sink.key(name)

    def _read_bare(self, text: str, i: int) -> int:
        found = _WORD.match(text, i)
        if found is not None:
            self._parts.append(found[0])
            return found.end()
        self._sink.repaired("json_bare_key")
        self._end_key()
        return i

    def _read_raw(self, text: str, i: int) -> int:
        i, whole = self._raw.read(text, i)
        if whole:
            self._end_raw()
        return i

    def _end_raw(self) -> None:
        # Whole only: half a number is another number, and a list's items are no parameters.
        try:
            json, repairs = normalise(self._raw.take())
        except ValueError:
            self._turn(Turn.REFUSED)
            return
        for name in repairs:
            self._sink.repaired(name)
        self._turn(Turn.ENDED)
        self._sink.raw(json)

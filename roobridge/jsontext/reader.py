"""One JSON object as it streams: keys, strings character by character, every other value when it is whole.

The text is never read again: a string's characters leave as they come (escapes once they are complete),
and the raw text of other values is only measured for where it ends.
"""

from __future__ import annotations

import re
from typing import Protocol

from roobridge.jsontext.lenient import normalise
from roobridge.jsontext.modes import CLASSES, TABLE, Char, Mode
from roobridge.jsontext.quotes import Quotes, Verdict
from roobridge.jsontext.raw import Comment, RawValue
from roobridge.jsontext.strings import StringDecoder


class Sink(Protocol):
    """Where the parts of an object go."""

    def key(self, name: str) -> bool:
        """A member's key. True: the sink reads the value itself, through `take`."""
        ...

    def take(self, text: str, i: int) -> tuple[int, bool]:
        """Read on at text[i]; gives where it stopped and whether the value is whole."""
        ...

    def string_start(self) -> None: ...
    def chars(self, text: str) -> None: ...
    def string_end(self) -> None: ...
    def raw(self, json: str) -> None: ...
    def repaired(self, name: str) -> None: ...


_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[\w$]+")
_UNSURE = frozenset({Mode.START, Mode.FIRST, Mode.BARE, Mode.COLON, Mode.LEAD_STRING, Mode.BROKEN})
_STRINGS = frozenset({Mode.STRING, Mode.KEY_STRING, Mode.LEAD_STRING, Mode.ENCODED})


class ObjectReader:
    """Reads one object; `read` takes the text in pieces cut anywhere.

    quotes: tells quotes inside a string from its end; None where the first one is the end. Where it needs
    more text, `read` stops before the quote, and is to be called with that text again and more.
    """

    def __init__(self, sink: Sink, quotes: Quotes | None = None) -> None:
        self.mode = Mode.START
        self.waiting = False  # `read` stopped before a quote
        self.quotes = quotes
        self._sink = sink
        self._parts: list[str] = []  # of the key being read
        self._string = StringDecoder(sink.repaired)
        self._raw = RawValue()
        self._comment = Comment()
        self._nested: ObjectReader | None = None
        self._taken = False  # the sink reads the value that follows
        self._broke_after_value = False

    @property
    def over(self) -> bool:
        return self.mode in (Mode.DONE, Mode.BROKEN)

    @property
    def lines(self) -> bool:
        """The open string goes over a line's end, which JSON does not allow."""
        return self._string.lines

    @property
    def sound(self) -> bool:
        """What was read so far can only be an object of members."""
        if self.mode is Mode.ENCODED:
            return self._nested is not None and self._nested.sound
        return self.mode not in _UNSURE

    @property
    def lacks_brace(self) -> bool:
        """It broke where its closing brace should stand."""
        return self.mode is Mode.BROKEN and self._broke_after_value

    def flow(self, text: str) -> str:
        """Take text that stays within the open string; gives its characters. Otherwise gives nothing, and
        nothing is taken.
        """
        return self._string.flow(text) if self.mode is Mode.STRING else ""

    def read(self, text: str, i: int) -> int:
        """Read on at text[i] until the object is over or the text ends; gives where it stopped."""
        self.waiting = False
        while i < len(text) and not (self.over or self.waiting):
            if self.mode in _STRINGS:
                i = self._read_string(text, i)
            elif self.mode is Mode.RAW:
                i = self._read_raw(text, i)
            elif self.mode is Mode.TAKEN:
                before = i
                i, whole = self._sink.take(text, i)
                if whole:
                    self.mode = Mode.NEXT
                self.waiting = i == before and self.mode is Mode.TAKEN
            elif self.mode is Mode.BARE:
                i = self._read_bare(text, i)
            else:
                i = self._read_between(text, i)
        return i

    def close(self) -> bool:
        """The text ended. Whether the object may count as whole: every value is closed."""
        if self.mode is Mode.RAW and self._raw.closed:
            self._end_raw()
        if self.mode is Mode.ENCODED and self._nested is not None:
            return self._nested.over or self._nested.close()
        return self.mode in (Mode.NEXT, Mode.KEY, Mode.DONE)

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
        to = self._next_mode(char)
        if to is Mode.BROKEN:
            self._broke_after_value = self.mode in (Mode.NEXT, Mode.KEY)
            self.mode = to
            return i
        if to is Mode.DONE and self.mode is Mode.KEY:
            self._sink.repaired("json_trailing_comma")
        self.mode = to
        if to is Mode.VALUE and self._taken:
            self.mode = Mode.TAKEN
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

    def _next_mode(self, char: str) -> Mode:
        if self.mode is Mode.VALUE and char in "([":
            return Mode.RAW
        to = TABLE.get((self.mode, CLASSES.get(char, Char.OTHER)), Mode.BROKEN)
        if to is Mode.BARE and not (char.isalpha() or char in "_$"):
            return Mode.BROKEN
        return to

    def _read_comment(self, text: str, i: int) -> int:
        i = self._comment.read(text, i)
        if self._comment.broken:
            self.mode = Mode.BROKEN
        elif not self._comment.open:
            self._sink.repaired("json_comment")
        return i

    def _read_string(self, text: str, i: int) -> int:
        chars, end, ended = self._string.read(text, i)
        if chars:
            self._put(chars)
        if ended and self.mode is Mode.STRING and self.quotes is not None:
            return self._judge(self.quotes, text, end)
        if ended and self.mode is not Mode.BROKEN:
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
            self.mode = Mode.BROKEN
        elif verdict is Verdict.END:
            self._end_string()
        else:
            if not mended:
                self._sink.repaired("unescaped_quote")
            self._put(text[after - 1])
        return after

    def _put(self, chars: str) -> None:
        if self.mode is Mode.STRING:
            self._sink.chars(chars)
        elif self.mode is Mode.ENCODED and self._nested is not None:
            if not self._nested.over:
                self._nested.read(chars, 0)
            if self._nested.mode is Mode.BROKEN:
                self.mode = Mode.BROKEN
        elif self.mode is Mode.LEAD_STRING and not self._parts:
            self._put_lead(chars.lstrip())
        else:
            self._parts.append(chars)

    def _put_lead(self, chars: str) -> None:
        """The first characters of the string that stands where the object should begin."""
        if chars.startswith("{"):
            self._nested = ObjectReader(self._sink)
            self.mode = Mode.ENCODED
            self._sink.repaired("arguments_as_string")
            self._nested.read(chars, 0)
        elif chars:
            self._parts.append(chars)

    def _end_string(self) -> None:
        mode = self.mode
        if mode is Mode.STRING:
            self.mode = Mode.NEXT
            self._sink.string_end()
        elif mode is Mode.ENCODED:
            whole = self._nested is not None and (self._nested.mode is Mode.DONE or self._nested.close())
            self.mode = Mode.DONE if whole else Mode.BROKEN
        elif mode is Mode.LEAD_STRING and not self._parts:
            self._sink.repaired("arguments_as_string")
            self.mode = Mode.DONE
        else:
            if mode is Mode.LEAD_STRING:
                self._sink.repaired("json_missing_brace")
            self._end_key()

    def _end_key(self) -> None:
        name = "".join(self._parts)
        self._parts.clear()
        self.mode = Mode.COLON
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
        try:
            json, repairs = normalise(self._raw.take())
        except ValueError:
            self.mode = Mode.BROKEN
            return
        for name in repairs:
            self._sink.repaired(name)
        self.mode = Mode.NEXT
        self._sink.raw(json)

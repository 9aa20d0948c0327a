"""Where in a Markdown text a character stands, line by line, as far as tags are concerned.

Source of the rules: CommonMark 0.31, sections 4.4 (indented code), 4.5 (fences), 5.1 (quotes), 6.1 (code
spans), with three simplifications: a code span ends with its line; a fence may be indented at will, since
models indent them inside lists; and it has at most FENCE_LIMIT characters.
"""

from __future__ import annotations

import re
from enum import Enum, auto

_INLINE = re.compile(r"[\n`]")
_BLANKS = re.compile(r"[ \t\r]*")
_NOT_PLAIN = " \t\r\n~`{["  # first characters of a line that its rest has to be looked at for
_INDENT = 4  # columns that make an indented code block
FENCE = 3  # characters that make a fence
FENCE_LIMIT = 64  # more than these make none, so that a run is not kept back and read again for ever
_RUN = re.compile(rf"(.)\1{{,{FENCE_LIMIT}}}", re.DOTALL)


class Place(Enum):
    """What a tag at this point is."""

    PROSE = auto()  # a candidate
    SPAN = auto()  # a mention
    BLOCK = auto()  # an example, unless it is complete and last


class Stop(Enum):
    """Why `advance` stopped."""

    END = auto()  # it came to the end of the stretch
    FENCE = auto()  # a fence opens here, or may open with more text
    CLOSED = auto()  # the open fence's closing line ended here
    BLOCK = auto()  # a new block begins here
    BRACKET = auto()  # a line begins with a brace or a bracket here


class _Line(Enum):
    """How far the present line has got."""

    START = auto()  # nothing but white space
    PROSE = auto()
    QUOTE = auto()
    INDENTED = auto()
    CODE = auto()  # a line of a fence
    RUN = auto()  # a line of a fence that begins with the fence's character
    RUN_END = auto()  # the same, and white space after the run


class Markdown:
    """A walk over the text, in stretches cut anywhere."""

    def __init__(self) -> None:
        self.fence = ""  # the characters that opened the fence, or empty
        self._line = _Line.START
        self._column = 0  # of the first character that is not white space
        self._span = 0  # length of the run of backticks that opened a span on this line
        self._run = 0  # length of the run that ends at this point
        self._after_blank = True
        self._fresh = False  # the next line with a character in it begins a block

    @property
    def at_start(self) -> bool:
        """Only white space stands before this point on its line."""
        return self._line is _Line.START

    @property
    def column(self) -> int:
        """Of the first character of this line that is not white space."""
        return self._column

    @property
    def place(self) -> Place:
        if self.fence or self._line in (_Line.QUOTE, _Line.INDENTED) or (self.at_start and self._deep()):
            return Place.BLOCK
        self._end_run()
        return Place.SPAN if self._span else Place.PROSE

    def flows(self, text: str) -> bool:
        """Walk over text that holds no `<` and nothing else to stop at: no backtick, no line that begins as
        a fence, with white space or behind an empty one. Otherwise False, and nothing is walked over.
        """
        line = self._line
        if self.fence or "`" in text:
            return line is _Line.CODE and "\n" not in text
        if self._run or (line is _Line.START and (self._fresh or text[0] in _NOT_PLAIN)):
            return False
        newline = text.find("\n")
        if 0 <= newline < len(text) - 1:
            return self._plain_lines(text.split("\n"))
        if line is _Line.START:
            self._begin_line(text[0])
        if newline >= 0:
            self._end_line()
        return True

    def _plain_lines(self, lines: list[str]) -> bool:
        for line in lines[1:-1]:
            if not line or line[0] in _NOT_PLAIN:
                return False
        if lines[-1] and lines[-1][0] in _NOT_PLAIN:
            return False
        for number, line in enumerate(lines):
            if number:
                self._end_line()
            if line and self._line is _Line.START:
                self._begin_line(line[0])
        return True

    def advance(self, text: str, i: int, end: int) -> tuple[int, Stop]:
        """Walk over text[i:end]; says where and why it stopped. A fence that opens is not walked over.

        end: the text's, or where an opener of a dialect may begin.
        """
        stop = Stop.END
        while i < end and stop is Stop.END:
            if self._line is _Line.START:
                i, stop = self._walk_start(text, i, end)
            elif self.fence:
                i, stop = self._walk_code(text, i, end)
            else:
                i = self._walk_prose(text, i, end)
        if stop is Stop.END and end < len(text) and self._fresh and self._line is _Line.START:
            self._fresh = False
            return i, Stop.BLOCK
        return i, stop

    def absorb(self, text: str) -> None:
        """Walk over text that is known to be text, fences included."""
        i = 0
        while i < len(text):
            i, stop = self.advance(text, i, len(text))
            if stop is Stop.BRACKET:
                self.tag()
                i += 1
            elif stop is Stop.FENCE:
                run = fence_run(text, i)
                if not FENCE <= run - i <= FENCE_LIMIT:
                    self.not_fence(text[i:run])
                else:
                    self.open_fence(text[i:run])
                i = run

    def open_fence(self, run: str) -> None:
        """The line at this point opens a fence with these characters."""
        self.fence = run
        self._line = _Line.CODE

    def not_fence(self, run: str) -> None:
        """The run of characters at this point opens no fence after all."""
        self.fence = ""
        self._line = _Line.PROSE
        self._run = len(run) if run[0] == "`" else 0

    def tag(self) -> None:
        """A character that is neither white space nor a backtick was passed without a walk."""
        if self._line is _Line.START:
            self._begin_line("<")
        elif self.fence:
            self._line = _Line.CODE
        self._end_run()

    def _deep(self) -> bool:
        return self._column >= _INDENT and self._after_blank

    def _walk_start(self, text: str, i: int, end: int) -> tuple[int, Stop]:
        matched = _BLANKS.match(text, i, end)
        at = matched.end() if matched else i
        if at > i:
            self._column += sum(_INDENT if c == "\t" else c == " " for c in text[i:at])
        if at == end:
            return end, Stop.END
        if text[at] == "\n":
            self._fresh = not self.fence
            self._after_blank = True
            self._column = 0
            return at + 1, Stop.END
        if not self.fence:
            opens = text[at] in "`~" and may_be_fence(text, at)
            if self._fresh:
                self._fresh = False
                return at, Stop.BLOCK
            if opens:
                return at, Stop.FENCE
            if text[at] in "{[" and not self._deep():
                return at, Stop.BRACKET
        self._begin_line(text[at])
        return at, Stop.END

    def _walk_code(self, text: str, i: int, end: int) -> tuple[int, Stop]:
        while self._line is _Line.RUN and i < end and text[i] == self.fence[0]:
            self._run += 1
            i += 1
        newline = text.find("\n", i, end)
        stretch = text[i : newline if newline >= 0 else end]
        if stretch:
            self._line = _Line.RUN_END if self._line is not _Line.CODE and stretch.isspace() else _Line.CODE
        if newline < 0:
            return end, Stop.END
        closed = self._line is not _Line.CODE and self._run >= len(self.fence)
        if closed:
            self.fence = ""
        self._end_line()
        self._after_blank = self._fresh = closed
        return newline + 1, Stop.CLOSED if closed else Stop.END

    def _walk_prose(self, text: str, i: int, end: int) -> int:
        found = _INLINE.search(text, i, end)
        at = found.start() if found else end
        if at > i:
            self._end_run()
        if found is None:
            return end
        if text[at] == "\n":
            self._end_line()
        else:
            self._run += 1
        return at + 1

    def _begin_line(self, char: str) -> None:
        self._fresh = False
        if self.fence:
            self._line = _Line.RUN if char == self.fence[0] else _Line.CODE
        elif char == ">":
            self._line = _Line.QUOTE
        else:
            self._line = _Line.INDENTED if self._deep() else _Line.PROSE

    def _end_line(self) -> None:
        self._after_blank = self._line is _Line.INDENTED
        self._line = _Line.START
        self._column = self._span = self._run = 0

    def _end_run(self) -> None:
        if not self._run or self.fence:
            return
        if not self._span:
            self._span = self._run
        elif self._span == self._run:
            self._span = 0
        self._run = 0


def fence_run(text: str, at: int) -> int:
    """Where the run of the character at `at` ends, or goes on beyond FENCE_LIMIT."""
    run = _RUN.match(text, at)
    return run.end() if run else at


def may_be_fence(text: str, at: int) -> bool:
    """Whether the run at `at` is long enough for a fence, or not ended yet."""
    end = fence_run(text, at)
    return end - at >= FENCE or end == len(text)

"""What an XML client would read differently from what the model meant.

What is sent of a call is read along with the client's own rules (`client_reading`), and the call is refused
where a value would come out otherwise. That is said at the latest moment at which nothing has happened yet:
no client runs a tool before it has read the tool's closing tag, so a value that a later one sets right does
no harm. Where nothing can come that sets it right, it is said at once.
"""

from __future__ import annotations

import re
from functools import lru_cache

from roobridge.events import Content, Piece
from roobridge.grammar.model import Kind, Param, Tool, Toolset
from roobridge.render.client_reading import ClientReading, Span

# Shown as nothing. `&lt;` would do as well but for the reader: Roo shows entities as they are written.
ZERO_WIDTH = "\u200b"


class MisreadError(ValueError):
    """The client would take a value for something else.

    The text says why, and what to write in its place. before: the characters that may still go out.
    """

    def __init__(self, why: str, before: str = "") -> None:
        super().__init__(why)
        self.before = before


@lru_cache(maxsize=64)
def _openings(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile("<(?=(?:" + "|".join(map(re.escape, sorted(names))) + ")>)")


def neutralise(text: str, names: frozenset[str]) -> str:
    """The text with a zero-width space after the `<` of every opening tag of these names."""
    if "<" not in text or not names:
        return text
    return _openings(names).sub("<" + ZERO_WIDTH, text)


def plain_text(text: str, names: frozenset[str], repairs: list[str]) -> list[Piece]:
    """Text outside calls as it goes out, neutralised; where that changed it, a repair is named."""
    harmless = neutralise(text, names)
    if harmless != text:
        repairs.append("mention_neutralised")
    return [Content(harmless)] if harmless else []


class CallGuard:
    """Watches one call on its way to an XML client, from behind the tool's opening tag.

    Text that is to be sent goes through, and comes back as it may go out. Every method raises MisreadError.
    """

    def __init__(self, toolset: Toolset, tool: Tool) -> None:
        self._tool = tool
        self._read_params = toolset.read_params
        self._limit = toolset.value_limit
        self._reading = ClientReading(toolset, tool)
        self._meant: dict[str, Span] = {}
        self._name = ""  # of the open value
        self._start = 0
        self._softener: _Softener | None = None
        self._strict = False  # the first end that the client sees of the open value is its end

    def between(self, text: str) -> str:
        """Tags, and what stands between them."""
        self._reading.feed(text)
        return text

    def open(self, param: Param, tag: str) -> str:
        """A parameter's opening tag, with the white space behind it."""
        self._name = param.name
        self._softener = _Softener(param) if param.prose or param.kind is Kind.JSON else None
        reading = self._reading
        self._start = reading.at + tag.find(">") + 1
        self.between(tag)
        taken = (reading.open, reading.start) == (param.name, self._start)
        # The last-close parameter may end again further on, where its real end is (client_reading).
        self._strict = taken and param.name != self._tool.last_close
        return tag

    def feed(self, text: str) -> str:
        """More of the value."""
        if self._softener is not None:
            text = self._softener.feed(text)
        return text if self._reading.flows(text) else self._value(text)

    def rest(self) -> tuple[str, bool]:
        """The value is whole: what was kept back of it, and whether a tag in it was made harmless."""
        softener, self._softener = self._softener, None
        return (self._value(softener.rest), softener.softened) if softener is not None else ("", False)

    def close(self, tag: str) -> str:
        """The parameter's closing tag, with white space beside it."""
        name, reading = self._name, self._reading
        meant = Span(self._start, reading.at + tag.find("<"))
        self._name = ""
        self.between(tag)
        read = reading.values.get(name)
        right = _same(read, meant)
        if self._strict and not right:
            raise MisreadError(self._too_long(name))
        if name in self._read_params:
            self._meant[name] = read if read is not None and right else meant
        return tag

    def end(self, tag: str) -> str:
        """The tool's closing tag."""
        reading, tool = self._reading, self._tool
        others = [name for name in reading.values if name in tool.params and tool.params[name].offered]
        names = dict.fromkeys([*self._meant, *others])
        wrong = [name for name in names if not _same(reading.values.get(name), self._meant.get(name))]
        if reading.open or wrong:
            raise MisreadError(self._tags_inside(wrong or [reading.open]))
        return tag

    def _value(self, text: str) -> str:
        reading = self._reading
        reading.feed(text)
        if reading.turned >= 0 and self._strict:
            why = self._too_long(self._name) if reading.over else self._closes(self._name)
            raise MisreadError(why, text[: reading.turned])
        if reading.closed:
            raise self._ends_early(text)
        return text

    # What each error says is read by the model as well, which is asked once more with it.

    def _closes(self, name: str) -> str:
        return (
            f"it ends {name} at the first </{name}>, and this {name} holds one. Split the text, so that this "
            "tag does not stand in it as a whole, or do that part with another tool"
        )

    def _too_long(self, name: str) -> str:
        return (
            f"its {name} is longer than the client reads, {self._limit:,} UTF-16 units with its closing tag. "
            "Split it over several calls"
        )

    def _ends_early(self, text: str) -> MisreadError:
        close, last = f"</{self._tool.name}>", self._tool.last_close
        behind = f" behind a </{last}>" if last else ""
        why = (
            f"it ends the call at the first {close}{behind}, and this call holds one. Write it without that "
            "tag, and add that part with another tool"
        )
        return MisreadError(why, text[: self._reading.closed_at])

    def _tags_inside(self, names: list[str]) -> str:
        last = self._tool.last_close
        where = f"the tags behind a </{last}> in its {last}" if last else "the tags in it"
        return (
            f"it takes {where} for its own, and reads {' and '.join(names)} otherwise. Write it without "
            "these tags, and add that part with another tool"
        )


class _Softener:
    """Takes the harm out of a value's own closing tag inside it, where the value means the same afterwards.

    Prose gets a zero-width space; in JSON text a tag can only stand in a string, where a slash may be
    escaped. rest: what was kept back, for it may be the beginning of such a tag.
    """

    def __init__(self, param: Param) -> None:
        self.rest = ""
        self.softened = False
        self._close = f"</{param.name}>"
        self._soft = self._close.replace("<", "<\\" if param.kind is Kind.JSON else f"<{ZERO_WIDTH}")

    def feed(self, text: str) -> str:
        if not self.rest and "<" not in text:
            return text
        whole = self.rest + text
        if self._close in whole:
            self.softened = True
            whole = whole.replace(self._close, self._soft)
        tag = whole.rfind("<")
        self.rest = whole[tag:] if tag >= 0 and self._close.startswith(whole[tag:]) else ""
        return whole[: len(whole) - len(self.rest)]


def _same(read: Span | None, meant: Span | None) -> bool:
    if read is None or meant is None:
        return read is meant
    return (read.start, read.end) == (meant.start, meant.end) or (
        read.text is not None and read.text == meant.text
    )

"""The characters of one parameter's value, with the white space at its ends set apart."""

from __future__ import annotations

from roobridge.events import Event, Markup, Repaired, Value
from roobridge.spelling.scanner import BLANKS


class ValueText:
    """Turns the raw text of one value into Value and Markup events.

    trim: all white space at both ends is markup, as Roo trims it; otherwise one newline at each end is.
    strict: of what is trimmed only a newline at each end is markup, the rest a repair.
    The one newline is that of Qwen3-Coder's chat template, which puts each value on lines of its own, as
    Roo's prompt does with a file's content.
    The newline before the closing tag is spelled as the one after the opening tag; where none stood
    there, either spelling counts.
    """

    __slots__ = ("_begun", "_held", "_lead", "_slipped", "strict", "trim")

    def __init__(self, *, trim: bool, strict: bool = False) -> None:
        self.trim = trim
        self.strict = strict
        self._slipped = False  # more white space than the markup's was trimmed
        self._begun = False
        self._lead = ""
        self._held: list[str] = []  # white space that may stand before the closing tag

    def add(self, text: str, out: list[Event]) -> None:
        """More raw text of the value."""
        if not self._begun:
            text = self._begin(text, out)
        if not text:
            return
        kept = text.rstrip(BLANKS) if self.trim else _without_newline(text)
        if not kept and (self.trim or not self._held):
            self._held.append(text)
            return
        if self._held:
            whole = "".join(self._held) + text
            self._held.clear()
            kept = whole.rstrip(BLANKS) if self.trim else _without_newline(whole)
            text = whole
        if len(kept) < len(text):
            self._held.append(text[len(kept) :])
        if kept:
            out.append(Value(kept))

    def flow(self, text: str) -> str:
        """Take text that is not white space alone, once the value has begun; gives the characters that are
        value now. Otherwise gives nothing, and nothing is taken.
        """
        if not self._begun:
            return ""
        held = self._held
        last = text[-1]
        if last not in (BLANKS if self.trim else "\r\n"):
            if not held:
                return text
            held.append(text)
            flowing = "".join(held)
            held.clear()
            return flowing
        kept = text.rstrip(BLANKS) if self.trim else _without_newline(text)
        if not kept:
            return ""
        flowing = "".join(held) + kept
        held.clear()
        held.append(text[len(kept) :])
        return flowing

    def end(self, out: list[Event], *, closed: bool) -> None:
        """The value is whole. closed: its closing tag came; else white space at its end is its own."""
        held = self._lead_rest() + "".join(self._held)
        self._held.clear()
        if self._slipped or (self.strict and held not in _MARKUP):
            out.append(Repaired("space_trimmed"))
        if not held:
            return
        if not self.trim and self._lead == "\n" and held == "\r\n":
            out.append(Value("\r"))
            held = "\n"
        elif not self.trim and held == "\r":
            out.append(Value(held))
            return
        out.append(Markup(held) if closed or self.trim else Value(held))

    def _lead_rest(self) -> str:
        rest, self._lead = (self._lead, "") if not self._begun else ("", self._lead)
        return "" if self.trim else rest

    def _begin(self, text: str, out: list[Event]) -> str:
        """Set the white space before the value apart; gives what is left of the text."""
        if self.trim:
            kept = text.lstrip(BLANKS)
            lead = text[: len(text) - len(kept)]
            self._lead += lead
            if kept:
                self._slipped = self.strict and self._lead not in _MARKUP
            if lead:
                out.append(Markup(lead))
            self._begun = bool(kept)
            return kept
        text = self._lead + text
        if text == "\r":
            self._lead = text
            return ""
        self._begun = True
        self._lead = "\r\n" if text.startswith("\r\n") else "\n" if text.startswith("\n") else ""
        if self._lead:
            out.append(Markup(self._lead))
        return text[len(self._lead) :]


_MARKUP = ("", "\n", "\r\n")


def _without_newline(text: str) -> str:
    if text.endswith("\r\n"):
        return text[:-2]
    return text[:-1] if text[-1] in "\r\n" else text

"""Whether a quote ends a JSON string, decided by the little that follows it.

In well-formed JSON a quote without a backslash always ends its string, and what follows is then a comma and
a key, or a closing brace; such text is read as JSON whatever the schema says. A quote that something else
follows belongs to the string. From the first such quote on the text is known not to be JSON, and a string
ends only where a declared key that was not told yet follows, or all closing braces and the call's own end;
and only where the quotes inside it are paired. What is doubtful even so breaks the call.

The cases: fixtures/replies/rules/hermes_malformed.json, by the names quotes-*, well-formed-json-wins-* and
unreadable-*. A wrong guess would write a file that its model did not mean, an error asks for it once more.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum, auto

_REACH = 512  # characters looked at; more are never needed by what can be read
_SPACE = re.compile(r"\s*")
_BLANK = re.compile(r"(?:\s+|//[^\n]*(?:\n|\Z)|#[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_KEY = re.compile(r"""(["'])((?:(?!\1)[^\\]|\\.)*)\1\s*""", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][\w$]*\s*")
_HERE = re.compile(r"([\w$-]*)([\"']?)(\s*)")
_NEAR = 40  # characters after a comma in which a key would show
_AFTER = re.compile(rf"\s*,\s*([\w.\-\"'\s]{{0,{_NEAR}}})")
_LIKE_MEMBER = re.compile(r"""["'][\w.-]+["']\s+["']""")
_VALUE = frozenset("\"'{[(-+.0123456789tfnTFN")
_CLOSER = re.compile(r"</[\w-]+>")
_QUOTED_CLOSER = re.compile(r"</[\w-]+>(?:([\"'])|\Z)")
_CLOSER_PART = re.compile(r"<(?:/[\w-]*)?\Z")


class Verdict(Enum):
    """What a quote in a string is."""

    END = auto()
    INSIDE = auto()  # a character of the string
    BROKEN = auto()  # nobody can say
    MORE = auto()  # more text decides


class Quotes:
    """The quotes of one object's strings.

    keys: of the members that its schema declares. given: those told so far, and the open one. outer: the
    braces that are open around the object; None where nothing at all follows it. behind: the characters
    that may follow its closing brace.
    """

    def __init__(self, keys: Collection[str], given: Collection[str], outer: int | None) -> None:
        self.ending = False  # no more text will come
        self.mended = False  # the text is not JSON: a quote stood inside a string
        self.broken = False
        self.keys = keys
        self.behind = "},]<{/`"
        self._given = given
        self._outer = outer
        self._inside = 0  # quotes inside the open string

    def begin(self) -> None:
        """A string opens."""
        self._inside = 0

    def judge(self, text: str, at: int) -> Verdict:
        """What the quote before text[at] is."""
        ahead = text[at : at + _REACH]
        verdict = self._in_text(ahead) if self.mended else self._in_json(ahead)
        if verdict is Verdict.MORE and (self.ending or len(ahead) == _REACH):
            verdict = Verdict.BROKEN if self.mended else Verdict.END
        if verdict is Verdict.INSIDE:
            if self._names_member(ahead) or self._like_member(ahead):
                verdict = Verdict.BROKEN
            elif not self.ending and (self._may_name_member(ahead) or _may_be_like_member(ahead)):
                return Verdict.MORE
        if verdict is Verdict.END and self._inside % 2:
            verdict = Verdict.BROKEN
        if verdict is Verdict.INSIDE:
            self.mended = True
            self._inside += 1
        self.broken = self.broken or verdict is Verdict.BROKEN
        return verdict

    def _in_json(self, ahead: str) -> Verdict:
        """As long as the text may be JSON: what JSON, or JSON mended elsewhere, has behind a string."""
        at = _end(_BLANK, ahead, 0)
        char = ahead[at : at + 1]
        if char == "}" and self._outer is not None:
            after = ahead[_end(_BLANK, ahead, at + 1) :][:1]
            return Verdict.MORE if not after else Verdict.END if after in self.behind else Verdict.INSIDE
        if char == "}":
            return Verdict.END
        if char == ",":
            return self._after_comma(ahead, at + 1)
        spoken = _QUOTED_CLOSER.match(ahead)
        if spoken is not None:  # a tag between two quotes: the string speaks of it
            return Verdict.INSIDE if spoken[1] else Verdict.MORE
        return Verdict.MORE if not char or _in_comment(ahead, at) else _closer(ahead, at)

    def _after_comma(self, ahead: str, at: int) -> Verdict:
        at = _end(_BLANK, ahead, at)
        char = ahead[at : at + 1]
        if not char or _in_comment(ahead, at):
            return Verdict.MORE
        if char == "}":
            return Verdict.END
        found = (_KEY if char in "\"'" else _WORD).match(ahead, at)
        if found is None:
            return Verdict.MORE if char in "\"'" else _closer(ahead, at)
        after = ahead[found.end() : found.end() + 1]
        return Verdict.MORE if not after else Verdict.END if after == ":" else Verdict.INSIDE

    def _in_text(self, ahead: str) -> Verdict:
        """In a text that is not JSON."""
        at = _end(_SPACE, ahead, 0)
        if ahead[at : at + 1] == ",":
            return self._member(ahead, _end(_SPACE, ahead, at + 1))
        braces = 0
        while ahead[at : at + 1] == "}":
            braces += 1
            at = _end(_SPACE, ahead, at + 1)
        if at == len(ahead):
            if not self.ending:
                return Verdict.MORE
            return Verdict.END if braces == (self._outer or 0) + 1 else Verdict.BROKEN
        if self._outer is None or braces != self._outer + 1:
            return Verdict.INSIDE
        return Verdict.END if ahead[at] in "]{" else _closer(ahead, at)

    def _member(self, ahead: str, at: int) -> Verdict:
        if at == len(ahead):
            return Verdict.MORE
        if ahead[at] not in "\"'":
            return Verdict.INSIDE
        found = _KEY.match(ahead, at)
        missing = [key for key in self.keys if key not in self._given]
        if found is None:
            begun = ahead[at + 1 :]
            return Verdict.MORE if any(key.startswith(begun) for key in missing) else Verdict.INSIDE
        if found[2] not in missing:
            return Verdict.INSIDE
        rest = ahead[found.end() :]
        if not rest.startswith(":"):
            return Verdict.INSIDE if rest else Verdict.MORE
        value = rest[1:].lstrip()
        return Verdict.MORE if not value else Verdict.END if value[0] in _VALUE else Verdict.INSIDE

    def _names_member(self, ahead: str) -> bool:
        """The quote opens a declared key: another one is missing or too many."""
        found = _HERE.match(ahead)
        if found is None or not found[2] or found[1] not in self.keys:
            return False
        return ahead[found.end() : found.end() + 1] == ":"

    def _like_member(self, ahead: str) -> bool:
        """A comma and what looks like a key that lost a character follow."""
        found = _AFTER.match(ahead)
        if found is None:
            return False
        key = _KEY.match(found[1])
        named = key is not None and key[2] in self.keys
        return named or ahead[found.end() :][:1] == ":" or _LIKE_MEMBER.match(found[1]) is not None

    def _may_name_member(self, ahead: str) -> bool:
        found = _HERE.match(ahead)
        if found is None or found.end() < len(ahead) or len(ahead) == _REACH:
            return False
        word, quote, blank = found.groups()
        if quote:
            return word in self.keys
        return not blank and any(key.startswith(word) for key in self.keys)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _in_comment(ahead: str, at: int) -> bool:
    """A comment begins here and has not ended, or may begin."""
    return ahead[at : at + 1] == "/" and ahead[at + 1 : at + 2] in ("", "*")


def _closer(ahead: str, at: int) -> Verdict:
    """A closing tag stands where the object's braces should."""
    if _CLOSER.match(ahead, at):
        return Verdict.END
    return Verdict.MORE if _CLOSER_PART.match(ahead, at) else Verdict.INSIDE


def _may_be_like_member(ahead: str) -> bool:
    found = _AFTER.match(ahead)
    open_end = found is not None and found.end() == len(ahead) and len(found[1]) < _NEAR
    return open_end and len(ahead) < _REACH

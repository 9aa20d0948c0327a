"""One JSON value that is not a string, as models write it: comments, trailing commas, Python's words.

The shore of the leniency: what stands here is read, anything else is refused. Numbers and strings keep
their spelling, so no digit is lost.
"""

from __future__ import annotations

import math
import re

import msgspec

_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
# What Python and JSON5 (section 6) write besides: a plus, no digit on one side of the point.
_LOOSE_NUMBER = re.compile(r"([+-]?)(?:(0|[1-9]\d*)(?:\.(\d*))?|\.(\d+))([eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_ANY_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'  # one that does not end goes on to the end of the text
_STRINGS = re.compile(_ANY_STRING, re.DOTALL)
_BRACKET = re.compile(_ANY_STRING + r"|[\[\]{}]", re.DOTALL)
# RFC 8259, section 3: these three, in lower case alone.
_PLAIN_WORDS = frozenset({"true", "false", "null"})
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_HIGH, _LOW = r"\\u[dD][89abAB][\da-fA-F]{2}", r"\\u[dD][c-fC-F][\da-fA-F]{2}"
_SURROGATE = re.compile(rf"(?<!\\)((?:\\\\)*)({_HIGH}{_LOW}|{_HIGH}|{_LOW})")
_RAW_SURROGATE = re.compile("[\ud800-\udfff]")
# Only these can be beyond the range of a double, more than which RFC 8259, section 6 lets nobody expect.
_LONG = re.compile(r"[\d.]{309,}|\d[eE]\+?\d{2,}")
_PAIR = len(r"\uD83D\uDE00")
_DEPTH = 100  # RFC 8259, section 9 lets a reader limit it; without, one reply could exhaust the stack
_DIGITS = 400  # of a number; readers refuse what is much longer


def is_json(text: str) -> bool:
    """Whether the text is one JSON value (RFC 8259), nested at most 100 deep."""
    if text.count("[") + text.count("{") > _DEPTH and _is_deep(text):
        return False
    try:
        msgspec.json.decode(text.encode("utf-8", "surrogatepass"), type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return _LONG.search(text) is None or _is_finite(text)


def is_number(text: str) -> bool:
    """Whether a JSON number is one for every client: no infinity, and not too long for its reader."""
    return len(text) < _DIGITS and math.isfinite(float(text))


def _is_finite(text: str) -> bool:
    outside = _STRINGS.sub('""', text)
    return all(is_number(found[0]) for found in _NUMBER.finditer(outside))


def _is_deep(text: str) -> bool:
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > _DEPTH:
            return True
    return False


def normalise(text: str) -> tuple[str, tuple[str, ...]]:
    """JSON text of the value, and the repairs it took; strict JSON comes back as it is.

    Raises ValueError where the text is no value even so.
    """
    text, mended = _whole_characters(text.strip())
    if is_json(text):
        return text, mended
    reader = _Lenient(text)
    parts: list[str] = []
    reader.value(parts, 0)
    reader.blank()
    if reader.at != len(text):
        raise ValueError("something follows the value")
    result = "".join(parts)
    if not is_json(result):
        raise ValueError("not a JSON value")
    return result, tuple(sorted({*reader.repairs, *mended}))


def _whole_characters(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with U+FFFD for half surrogate pairs, which UTF-8 cannot carry."""
    if "\\u" not in text and text.isascii():
        return text, ()
    whole = _SURROGATE.sub(lambda m: m[0] if len(m[2]) == _PAIR else m[1] + r"\ufffd", text)
    whole = _RAW_SURROGATE.sub("\ufffd", whole)
    return whole, () if whole == text else ("lone_surrogate",)


class _Lenient:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.repairs: set[str] = set()

    def blank(self) -> None:
        while True:
            if found := _SPACE.match(self.text, self.at):
                self.at = found.end()
            elif found := _COMMENT.match(self.text, self.at):
                self.at = found.end()
                self.repairs.add("json_comment")
            else:
                return

    def value(self, parts: list[str], depth: int) -> None:
        if depth > _DEPTH:
            raise ValueError("nested too deeply")
        self.blank()
        char = self.text[self.at : self.at + 1]
        if char in ("{", "[", "("):
            self._members(parts, char, depth)
        elif char in ('"', "'"):
            parts.append(self._string())
        elif found := _NUMBER.match(self.text, self.at):
            parts.append(found[0])
            self.at = found.end()
        elif found := _LOOSE_NUMBER.match(self.text, self.at):
            parts.append(_number(found))
            self.at = found.end()
            self.repairs.add("python_literal")
        else:
            parts.append(self._word())

    def _members(self, parts: list[str], opener: str, depth: int) -> None:
        close = {"{": "}", "[": "]", "(": ")"}[opener]
        if opener == "(":
            self.repairs.add("python_literal")
        self.at += 1
        parts.append("{" if opener == "{" else "[")
        first = True
        while True:
            self.blank()
            if self.text.startswith(close, self.at):
                if not first:
                    self.repairs.add("json_trailing_comma")
                break
            if not first:
                parts.append(",")
            if opener == "{":
                self._key(parts)
            self.value(parts, depth + 1)
            self.blank()
            first = False
            if self.text.startswith(close, self.at):
                break
            if not self.text.startswith(",", self.at):
                raise ValueError("a comma or a closing bracket is missing")
            self.at += 1
        self.at += 1
        parts.append("}" if opener == "{" else "]")

    def _key(self, parts: list[str]) -> None:
        if self.text[self.at : self.at + 1] in ('"', "'"):
            parts.append(self._string())
        elif found := _WORD.match(self.text, self.at):
            self.at = found.end()
            self.repairs.add("json_bare_key")
            parts.append(f'"{found[0]}"')
        else:
            raise ValueError("a key is missing")
        self.blank()
        if not self.text.startswith(":", self.at):
            raise ValueError("a colon is missing")
        self.at += 1
        parts.append(":")

    def _string(self) -> str:
        double = self.text[self.at] == '"'
        found = (_DOUBLE if double else _SINGLE).match(self.text, self.at)
        if found is None:
            raise ValueError("a string does not end")
        self.at = found.end()
        body = found[1]
        if not double:
            self.repairs.add("python_literal")
            body = re.sub(r'\\.|"', lambda m: {"\\'": "'", '"': '\\"'}.get(m[0], m[0]), body)
        return '"' + re.sub(r"[\x00-\x1f]", lambda m: f"\\u{ord(m[0]):04x}", body) + '"'

    def _word(self) -> str:
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise ValueError("a value is missing")
        self.at = found.end()
        if found[0] in _PLAIN_WORDS:
            return found[0]
        if found[0] not in _PYTHON_WORDS:
            raise ValueError("an unknown word stands where a value should")
        self.repairs.add("python_literal")
        return _PYTHON_WORDS[found[0]]


def _number(found: re.Match[str]) -> str:
    sign, whole, fraction, only_fraction, exponent = found.groups()
    digits = fraction or only_fraction
    return f"{sign.replace('+', '')}{whole or 0}{'.' + digits if digits else ''}{exponent or ''}"

"""The one place that takes secrets out of what is told of others' words: errors, logs, tapes, models' lists.

A cleaner knows the secrets in force, and what forms secrets have (forms.py). It finds both behind escapes,
too. It works on whole texts, before anything is cut: what is to be cut goes through `head`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from roobridge.bridge.secrets.escapes import LAYERS, Unescaped, unescaped
from roobridge.bridge.secrets.forms import Span, forms_in, is_secret, is_secret_name, parts

REDACTED = "[redacted]"  # no angle brackets: those are markup, to readers of pages and of Markdown
HEAD = 64 * 1024  # characters looked at where only the head of a text is told

_BEGINNING = 6  # characters of a known secret that a cut leaves at most


class Cleaner:
    """secrets: those in force. Each counts with its parts, such as the single cookies of a Cookie header;
    words too short for a secret are left out.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = (part for secret in secrets for part in parts(secret))
        self._known = frozenset(filter(is_secret, (form for part in known for form in unescaped(part))))

    def knowing(self, secrets: Iterable[str]) -> Cleaner:
        """A cleaner that knows these as well."""
        more = Cleaner(secrets)
        more._known |= self._known
        return more

    def text(self, text: str) -> str:
        """The text with REDACTED in the place of every secret. Cleaning twice changes nothing more."""
        return _without(text, self._spans(text, cut=False))

    def head(self, text: str, limit: int) -> str:
        """At most `limit` characters of the text's head, cleaned; no part is left of a secret that is cut."""
        head = text[:HEAD]
        return _without(head, self._spans(head, cut=len(text) > HEAD))[:limit]

    def value(self, value: Any) -> Any:
        """A copy of a JSON value without secrets: those under a secret's name, and in texts as `text`.

        Numbers, booleans, null and objects under a secret's name stay: `{"token": {"type": "string"}}` is the
        schema of a tool.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(name): self._field(name, item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _field(self, name: object, value: Any) -> Any:
        if isinstance(name, str) and isinstance(value, str | list | tuple) and is_secret_name(name):
            return REDACTED
        return self.value(value)

    def _spans(self, text: str, *, cut: bool) -> list[Span]:
        """Where secrets stand in a text, also behind its escapes. cut: whether it went on."""
        layers: list[Unescaped] = []
        found = [*self._found(text, cut=cut)]
        while len(layers) < LAYERS:
            layer = Unescaped(text)
            if layer.text is None:
                break
            text = layer.text
            layers.append(layer)
            for start, end in self._found(text, cut=cut):
                for outer in reversed(layers):
                    start, end = outer.origin(start), outer.origin(end)  # noqa: PLW2901 -- one layer out
                found.append((start, end))
        return found

    def _found(self, text: str, *, cut: bool) -> Iterator[Span]:
        yield from forms_in(text)
        for secret in self._known:
            at = text.find(secret)
            while at >= 0:
                yield at, at + len(secret)
                at = text.find(secret, at + len(secret))
            if cut:
                yield from _begun(text, secret)


def _begun(text: str, secret: str) -> Iterator[Span]:
    """The beginning of a secret at the end of a text."""
    opening = secret[:_BEGINNING]
    at = text.find(opening, max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(text[at:]):
            yield at, len(text)
            return
        at = text.find(opening, at + 1)


def _without(text: str, spans: list[Span]) -> str:
    if not spans:
        return text
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if start >= position:
            pieces += text[position:start], REDACTED
        position = max(position, end)
    return "".join([*pieces, text[position:]])

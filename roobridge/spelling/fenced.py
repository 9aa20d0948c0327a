"""What a dialect is whose calls stand in code fences."""

from __future__ import annotations

import msgspec


class Fenced(msgspec.Struct, frozen=True):
    """dialect: its name. languages: of the fences that hold such a call by right; in any other it is a
    repair. names: the keys that name the tool.
    """

    dialect: str
    languages: frozenset[str]
    names: tuple[str, ...]

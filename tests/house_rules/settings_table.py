"""The table of the settings, made of the class `Settings` and of the options of `roobridge serve`.

`python -m tests.house_rules.settings_table` writes it into the service's README.md, between its markers.
"""

from __future__ import annotations

from enum import Enum

from pydantic.fields import FieldInfo

from roobridge.service.config import Settings
from tests.house_rules.marked import Marked
from tests.house_rules.options import options_of
from tests.house_rules.source import ROOT

PLACE = Marked(ROOT / "roobridge" / "service" / "README.md", "settings")

# Options that are not called by their setting's name.
OPTIONS = {"pace_ms": "--pace"}


def expected_table() -> str:
    """The whole table that the README shows."""
    lines = ["| setting | option | variable | default | meaning |", "|---|---|---|---|---|"]
    options = options_of("serve")
    for name, field in Settings.model_fields.items():
        option = OPTIONS.get(name, "--" + name.replace("_", "-"))
        words = (name, option if option in options else "", variable_of(name), default_of(field))
        lines.append("| " + " | ".join([*map(_code, words), field.description or ""]) + " |")
    return "\n".join(lines)


def variable_of(name: str) -> str:
    return f"ROOBRIDGE_{name.upper()}"


def default_of(field: FieldInfo) -> str:
    """The default as a variable holds it; empty where there is none."""
    default = field.get_default(call_default_factory=True)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, float):
        return f"{default:g}"
    return str(default) if default or default == 0 else ""


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


def main() -> None:
    """Write the table. Exits with a message where the README or its markers are missing."""
    PLACE.write(expected_table())


if __name__ == "__main__":
    main()

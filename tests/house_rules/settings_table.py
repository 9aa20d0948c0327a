"""The tables of the settings, made of the classes they are read into and of the options of `roobridge serve`.

`python -m tests.house_rules.settings_table` writes them into the service's README.md, between their markers.
"""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from roobridge.service.settings.config import Settings
from roobridge.service.settings.tables import ModelTable, UpstreamTable
from tests.house_rules.marked import Marked
from tests.house_rules.options import options_of
from tests.house_rules.source import ROOT

README = ROOT / "roobridge" / "service" / "README.md"

# Options that are not called by their setting's name.
OPTIONS = {"pace_ms": "--pace"}


def expected_tables() -> dict[str, str]:
    """What the README shows, by the marks around it."""
    return {"settings": _settings(), "upstreams": _keys(UpstreamTable), "models": _keys(ModelTable)}


def _keys(table: type[BaseModel]) -> str:
    """The keys of a table in the settings file; those of which nothing is said are settings too."""
    fields = table.model_fields.items()
    lines = ["| key | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {field.description} |" for name, field in fields if field.description]
    shared = ", ".join(f"`{name}`" for name, field in fields if not field.description)
    return "\n".join([*lines, f"| {shared} | as the settings of these names |"] if shared else lines)


def _settings() -> str:
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
    """Write the tables. Exits with a message where the README or its markers are missing."""
    for mark, table in expected_tables().items():
        Marked(README, mark).write(table)


if __name__ == "__main__":
    main()

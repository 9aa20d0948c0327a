"""The dialects that are read, in the order in which an opening literal that several share is given away."""

from __future__ import annotations

from roobridge.dialects import hermes, invoke, qwen3_coder
from roobridge.dialects.deepseek import DEEPSEEK
from roobridge.dialects.fenced_json import FENCED_JSON
from roobridge.dialects.roo_xml import ROO_XML
from roobridge.spelling.dialect import Dialect, Writing, openings

DIALECTS: tuple[Dialect, ...] = (
    ROO_XML,
    qwen3_coder.WRAPPED,
    qwen3_coder.BARE,
    invoke.WRAPPED,
    invoke.BARE,
    hermes.HERMES,
    DEEPSEEK,
)

# What the opening tag of a parameter begins with, whatever its name.
PARAMETER_HEADS = tuple(dict.fromkeys(dialect.any_parameter for dialect in DIALECTS if dialect.any_parameter))

# What a call begins with, up to its tool's name, and what closes it.
OPENINGS = openings(DIALECTS)

__all__ = ["DIALECTS", "FENCED_JSON", "OPENINGS", "PARAMETER_HEADS", "writing_of"]


def writing_of(model: str) -> Writing:
    """The form a model was trained on, by its name; Hermes for those that no dialect knows."""
    found = (d.writing for d in DIALECTS if d.writing is not None and d.writing.models.search(model))
    return next(found, hermes.WRITING)

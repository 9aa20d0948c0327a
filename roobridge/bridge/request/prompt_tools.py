"""The tools that an agent's prompt offers: the `## name` headings of its `# Tools` section.

Source: the prompts of Roo Code 3.3 to 3.41 and of Cline 2, which share the layout

    # Tools
    ## name
    Description: ...
    Parameters:
    - parameter: (required) ...
    Usage:
    <name>
    <parameter>...</parameter>
    </name>
    # Tool Use Guidelines        (Cline: # Tool Use Examples)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

_OPENING = re.compile(r"^# Tools[ \t]*\r?$", re.MULTILINE)
_END = re.compile(r"^(?:# Tool Use\b.*|====[ \t]*\r?)$", re.MULTILINE)
_ANY_HEADING = re.compile(r"^# ", re.MULTILINE)
_SECTION = re.compile(r"^## ([^\n]*)", re.MULTILINE)
_NAME = re.compile(r"[a-z_]+")
_LISTED = re.compile(r"^- ([a-z_]+): *\((required|optional)\)", re.MULTILINE)
_OPEN_TAG = re.compile(r"<([a-z_]+)>")


class OfferedTool(msgspec.Struct, frozen=True):
    """One heading of the prompt. params: by name in the prompt's order, True where it calls them required."""

    name: str
    params: tuple[tuple[str, bool], ...]


# Every turn of a task repeats its prompt; a few tasks run at once.
@lru_cache(maxsize=8)
def offered_tools(prompt: str) -> tuple[OfferedTool, ...]:
    """The tools that a prompt's `# Tools` section describes; none where it has no such section."""
    opening = _OPENING.search(prompt)
    if opening is None:
        return ()
    end = _END.search(prompt, opening.end()) or _ANY_HEADING.search(prompt, opening.end())
    section = prompt[opening.end() : end.start() if end else len(prompt)]
    headings = list(_SECTION.finditer(section))
    bounds = [*(heading.start() for heading in headings), len(section)][1:]
    return tuple(
        OfferedTool(name, tuple(_params(name, section[heading.end() : bound]).items()))
        for heading, bound in zip(headings, bounds, strict=True)
        if _NAME.fullmatch(name := heading[1].strip(" \t\r"))
    )


def _params(tool: str, description: str) -> dict[str, bool]:
    params = {name: need == "required" for name, need in _LISTED.findall(description)}
    for name in _usage_tags(tool, description):
        params.setdefault(name, False)
    return params


def _usage_tags(tool: str, description: str) -> Iterator[str]:
    start = description.find(f"<{tool}>")
    end = description.find(f"</{tool}>", start)
    if start < 0 or end < 0:
        return
    position = start + len(tool) + 2
    while (tag := _OPEN_TAG.search(description, position, end)) is not None:
        close = description.find(f"</{tag[1]}>", tag.end(), end)
        if close < 0:
            return
        yield tag[1]
        position = close

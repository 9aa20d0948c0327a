"""Words inside a call, where its grammar has none: prose, and elements that the tool does not declare."""

from __future__ import annotations

import re

# Tags as models write them, not XML: attributes without quotes, comments and elements left open.
_TAG = re.compile(r"<!--|(-->)|<(/?)[A-Za-z_](?:[^<>]*[^<>/])?(/?)(?:>|\Z)")


def is_prose(text: str) -> bool:
    """Whether words stand outside every element and comment of the text."""
    depth = at = 0
    for tag in _TAG.finditer(text):
        if not depth and not text[at : tag.start()].isspace() and at < tag.start():
            return True
        at = tag.end()
        if tag[1] or tag[2]:
            depth = max(depth - 1, 0)
        elif not tag[3]:
            depth += 1
    return not depth and bool(text[at:].strip())


def speaks(text: str) -> bool:
    """Whether a letter or a digit stands in it: without one, text is no answer."""
    return any(map(str.isalnum, text))

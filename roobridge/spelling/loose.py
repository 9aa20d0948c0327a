"""Openers with a name in them, as models misspell them in every dialect that has such.

The name in quotes or as an attribute, spaces, a missing `<` or `>`.
"""

from __future__ import annotations

import re

from roobridge.spelling.scanner import Loose

# Seen of Qwen3-Coder: a stray `=`, a name that is missing, no `>` (vLLM #55497).
_NAME = r"""(?:\s*[=:]\s*|\s+name\s*=\s*)["']?([\w.:-]+)["']?(?:\s+\w+\s*=\s*["'][^"'<>]*["'])*\s*"""
# Never matches: a tool's opener has no value that could follow it on its line.
_NOT_GLUED = re.compile(r"(?!)()")


def loose_tool(word: str) -> Loose:
    """Of a tool's opening tag whose first word this is."""
    return Loose((f"<{word}", f"{word}="), re.compile(rf"<?{word}{_NAME}"), _NOT_GLUED)


def loose_parameter(word: str, short: str) -> Loose:
    """Of a parameter's opening tag with this first word, or the short one."""
    upper = word.capitalize()
    return Loose(
        (f"<{word}", f"<{short}", f"{word}=", f"<{upper}"),
        re.compile(rf"<?(?:{word}|{upper}|{short})(?:{_NAME}|\s*=?[\s\"']*)"),
        re.compile(rf"<?{word}=([A-Za-z_][\w.-]*)(?:=|[ \t]+(?=\S))(?![^\s<>]{{0,12}}>)"),
    )

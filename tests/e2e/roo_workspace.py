"""Roo's tools on a folder, as far as the tests need them; the results are worded after Roo's."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_COMMAND_LIMIT = 20  # seconds
_BLOCK = re.compile(
    r"<<<<<<< SEARCH\n(?::start_line:\d+\n)?(?:-------\n)?(.*?)\n=======\n(.*?)\n?>>>>>>> REPLACE", re.DOTALL
)
_PATH = re.compile(r"<path>(.*?)</path>", re.DOTALL)
# What Roo makes of entities in written files where the model's id has no "claude" in it.
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'", "&amp;": "&"}


class ToolError(Exception):
    """The tool refused; the message is what the model gets."""


class Workspace:
    """A folder, and the tools that work on it. ran: their names, in order, refused ones left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []

    def run(self, name: str, params: Mapping[str, Any]) -> str:
        """Returns the result's text. Raises ToolError."""
        tools = {
            "write_to_file": self._write,
            "apply_diff": self._apply_diff,
            "execute_command": self._execute,
            "read_file": self._read,
            "list_files": self._list,
        }
        if name not in tools:
            raise ToolError(f"Unknown tool {name!r}.")
        result = tools[name](params)
        self.ran.append(name)
        return result

    def _file(self, path: str) -> Path:
        file = (self.folder / path).resolve()
        if not file.is_relative_to(self.folder.resolve()):
            raise ToolError(f"{path} is outside the workspace.")
        return file

    def _write(self, params: Mapping[str, Any]) -> str:
        file = self._file(_given(params, "path"))
        content = _given(params, "content")
        for entity, character in _ENTITIES.items():
            content = content.replace(entity, character)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        return f"<file_write_result>\n<path>{params['path']}</path>\n</file_write_result>"

    def _apply_diff(self, params: Mapping[str, Any]) -> str:
        file = self._file(_given(params, "path"))
        if not file.is_file():
            raise ToolError(f"File does not exist: {params['path']}")
        blocks = _BLOCK.findall(_given(params, "diff"))
        text = file.read_bytes().decode()
        if not blocks:
            raise ToolError("The diff has no complete SEARCH/REPLACE block.")
        for search, replace in blocks:
            if search not in text:
                raise ToolError("No sufficiently similar match found.")
            text = text.replace(search, replace, 1)
        file.write_bytes(text.encode())
        return f"<file_write_result>\n<path>{params['path']}</path>\n</file_write_result>"

    def _execute(self, params: Mapping[str, Any]) -> str:
        command = _given(params, "command")
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, capture_output=True, timeout=_COMMAND_LIMIT, check=False
        )
        return f"Command executed. Exit code: {done.returncode}\nOutput:\n{done.stdout.decode()}"

    def _read(self, params: Mapping[str, Any]) -> str:
        paths = _PATH.findall(str(params.get("args", ""))) or [_given(params, "path")]
        return "\n".join(self._read_one(path.strip()) for path in paths)

    def _read_one(self, path: str) -> str:
        file = self._file(path)
        if not file.is_file():
            raise ToolError(f"File not found: {path}")
        lines = file.read_bytes().decode().splitlines()
        return f"File: {path}\n" + "\n".join(f"{at} | {line}" for at, line in enumerate(lines, 1))

    def _list(self, params: Mapping[str, Any]) -> str:
        return "\n".join(sorted(entry.name for entry in self._file(_given(params, "path")).iterdir()))


def _given(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or (not value and name != "content"):
        raise ToolError(f"Missing value for required parameter '{name}'.")
    return value

"""Requests in the shape of Roo's, in words of our own."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.e2e.upstream import KEY, MODEL
from tests.oracle.native_tools import ROO

Message = dict[str, Any]

_TOOLS = {
    "execute_command": ("Runs a command.", {"command": "ls", "cwd": "src"}),
    "read_file": ("Reads files.", {"args": "\n  <file>\n    <path>a.txt</path>\n  </file>\n"}),
    "write_to_file": (
        "Writes a whole file.",
        {"path": "a.txt", "content": "\nfirst line\n", "line_count": "1"},
    ),
    "apply_diff": (
        "Changes parts of a file.",
        {
            "path": "a.txt",
            "diff": "\n<<<<<<< SEARCH\n:start_line:1\n-------\nold\n=======\nnew\n>>>>>>> REPLACE\n",
        },
    ),
    "list_files": ("Lists a folder.", {"path": ".", "recursive": "false"}),
    "ask_followup_question": (
        "Asks the user.",
        {"question": "Which one?", "follow_up": "\n<suggest>This</suggest>\n"},
    ),
    "attempt_completion": ("Ends the task.", {"result": "\nDone.\n"}),
}
_XML_RULE = (
    "Tool uses are formatted using XML-style tags. The tool's name is a tag, and so is each parameter."
)
_REMINDERS = {
    False: "# Reminder: Instructions for Tool Use\n\n" + _XML_RULE,
    True: "# Reminder: Instructions for Tool Use\n\nTools are invoked by the native mechanism.",
}
NO_TOOL = "[ERROR] You did not use a tool in your previous response! Please retry with a tool use."
ALREADY_USED = (
    "was not executed because a tool has already been used in this message. "
    "Only one tool may be used per message."
)


class Variant(msgspec.Struct, frozen=True):
    """Which Roo, and how its user has set it up. image: a data URL that goes with the task."""

    version: tuple[int, int, int] = (3, 31, 3)
    native: bool = False
    streaming: bool = True
    r1: bool = False
    auto_approve: bool = True
    image: str = ""

    @property
    def one_tool(self) -> bool:
        """Later calls of a reply are refused."""
        return self.version < (3, 42)


def headers(variant: Variant) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {KEY}",
        "HTTP-Referer": "https://github.com/RooVetGit/Roo-Cline",
        "X-Title": "Roo Code",
        "User-Agent": "RooCode/" + ".".join(map(str, variant.version)),
    }


def system_prompt(*, native: bool) -> str:
    if native:
        return "You are a careful helper in an editor.\n\n====\n\nRULES\n\n- Stay in the workspace.\n"
    sections = "\n\n".join(_section(name, *described) for name, described in _TOOLS.items())
    return (
        "You are a careful helper in an editor.\n\n====\n\nTOOL USE\n\nYou use one tool per message.\n\n"
        f"# Tool Use Formatting\n\n{_XML_RULE}\n\n# Tools\n\n{sections}\n\n"
        "# Tool Use Guidelines\n\n1. Look before you write.\n\n====\n\nRULES\n\n- Stay in the workspace.\n"
    )


def _section(name: str, description: str, params: dict[str, str]) -> str:
    usage = "\n".join(f"<{param}>{value}</{param}>" for param, value in params.items())
    listing = "\n".join(f"- {param}: (required) see below" for param in params)
    return (
        f"## {name}\nDescription: {description}\nParameters:\n{listing}\nUsage:\n<{name}>\n{usage}\n</{name}>"
    )


def task(text: str, variant: Variant) -> list[Message]:
    """The parts of the first user message."""
    tag = "user_message" if variant.native else "task"
    parts: list[Message] = [{"type": "text", "text": f"<{tag}>\n{text}\n</{tag}>"}]
    if variant.image:
        parts.append({"type": "image_url", "image_url": {"url": variant.image}})
    return parts


def environment(request: int) -> Message:
    """The last part of every user message; the clock moves with each."""
    details = (
        "# VSCode Visible Files\n\n\n# Current Time\nCurrent time in ISO 8601 UTC format: "
        f"2026-11-21T09:00:{request:02}.000Z\n\n# Current Cost\n$0.00\n\n# Current Mode\n"
        f"<slug>code</slug>\n<name>Code</name>\n<model>{MODEL}</model>"
    )
    return {"type": "text", "text": f"<environment_details>\n{details}\n</environment_details>"}


def reproach(*, native: bool) -> str:
    return f"{NO_TOOL}\n\n{_REMINDERS[native]}\n\n# Next Steps\n\nIf you are done, use attempt_completion."


def body(history: list[Message], variant: Variant) -> dict[str, Any]:
    """A request: streamed, whole or in the R1 format, with tools in native mode."""
    system = system_prompt(native=variant.native)
    if variant.r1:
        messages = _merged([{"role": "user", "content": system}, *history])
    else:
        messages = [{"role": "system" if variant.streaming else "user", "content": system}, *history]
    asked: dict[str, Any] = {"model": MODEL, "messages": messages}
    if variant.streaming:
        asked |= {"temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    if variant.native:
        asked |= {"tools": ROO, "tool_choice": "auto", "parallel_tool_calls": not variant.one_tool}
    return asked


def _merged(messages: list[Message]) -> list[Message]:
    """Neighbours of one role in one message, as the R1 format wants it."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1]["role"] == message["role"]:
            both = _text(merged[-1]) + "\n" + _text(message)
            merged[-1] = {"role": message["role"], "content": both}
        else:
            merged.append({"role": message["role"], "content": _text(message)})
    return merged


def _text(message: Message) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)

"""Roo Code's XML reading rules (class `AssistantMessageParser`, v3.25.7 to v3.41.3), as an oracle.

Written from the description of the client alone and meant to be obviously right, not fast: one pass over
the UTF-16 units of a whole reply, then the finalising that Roo does at the end of the stream. Nothing of
the package is imported, so that no misreading is shared with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import dataclass, field

MAX_REPLY = 1_048_576
MAX_PARAM = 102_400

# JavaScript's white space and line terminators: what String.prototype.trim removes.
JS_BLANK = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_TOOLS = """
execute_command read_file write_to_file apply_diff search_files list_files browser_action use_mcp_tool
access_mcp_resource ask_followup_question attempt_completion switch_mode new_task fetch_instructions
codebase_search update_todo_list run_slash_command generate_image
"""
_LATE_TOOLS = " search_and_replace search_replace edit_file apply_patch"
_PARAMS = """
command path content regex file_pattern recursive action url coordinate text server_name tool_name arguments
uri question result diff mode_slug reason line mode message cwd follow_up task size query args start_line
end_line todos prompt image
"""
_LATE_PARAMS = " files operations patch file_path old_string new_string expected_replacements"
_CLINE_TOOLS = """
execute_command read_file write_to_file replace_in_file search_files list_files list_code_definition_names
browser_action web_fetch web_search use_mcp_tool access_mcp_resource ask_followup_question attempt_completion
new_task plan_mode_respond use_subagents use_skill load_mcp_documentation generate_explanation
"""
_CLINE_PARAMS = """
command requires_approval timeout path content diff regex file_pattern recursive action url coordinate text
server_name tool_name arguments uri question options response result context task_progress start_line end_line
needs_more_exploration prompt query skill_name title
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOOLS = {
    (3, 31, 3): _names(_TOOLS + " insert_content list_code_definition_names"),
    (3, 36, 16): _names(_TOOLS + _LATE_TOOLS),
    (3, 41, 3): _names(_TOOLS + _LATE_TOOLS + " custom_tool"),
}
PARAMS = {
    (3, 31, 3): _names(_PARAMS + " line_count"),
    (3, 36, 16): _names(_PARAMS + _LATE_PARAMS),
    (3, 41, 3): _names(_PARAMS + _LATE_PARAMS),
}
# Cline 2.18 is read by the same rules: its reader differs in that it runs every call of a reply.
CLINE_TOOLS = _names(_CLINE_TOOLS)
CLINE_PARAMS = _names(_CLINE_PARAMS)


class TooLongError(Exception):
    """Roo throws here, and the reply is lost."""


@dataclass
class TextBlock:
    content: str


@dataclass
class ToolUse:
    """partial: it had not been closed when the stream ended; Roo runs it all the same."""

    name: str
    params: dict[str, str] = field(default_factory=dict)
    partial: bool = True


Block = TextBlock | ToolUse


def to_units(text: str) -> str:
    """One character per UTF-16 unit, as JavaScript counts them."""
    return "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))


def from_units(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def js_trim(text: str) -> str:
    return text.strip(JS_BLANK)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _without_one_newline_each_side(value: str) -> str:
    value = value.removeprefix("\n")
    return value.removesuffix("\n")


class _Reading:
    """The parser's state. Positions are indexes of UTF-16 units."""

    def __init__(self, tools: Collection[str], params: Collection[str]) -> None:
        self.tool_tags = {f"<{name}>": name for name in tools}
        self.param_tags = {f"<{name}>": name for name in params}
        self.seen = ""
        self.blocks: list[Block] = []
        self.text: TextBlock | None = None
        self.text_start = 0
        self.tool: ToolUse | None = None
        self.tool_start = 0
        self.param: str | None = None
        self.param_start = 0

    def read(self, units: str) -> None:
        if len(units) > MAX_REPLY:
            raise TooLongError
        for end in range(1, len(units) + 1):
            # Every tag ends in ">": elsewhere no tag can have just been completed.
            self.seen = units[:end] if units[end - 1] == ">" else ""
            if self.tool is not None and self.param is not None:
                self._in_param(units, end)
            elif self.tool is not None:
                self._in_tool(units)
            else:
                self._in_text(units, end)
        self._finalise(units)

    def _in_param(self, units: str, end: int) -> None:
        assert self.tool is not None
        assert self.param is not None
        if end - self.param_start > MAX_PARAM:
            self.tool.params[self.param] = units[self.param_start : end - 1]
            self.param = None
            return
        close = f"</{self.param}>"
        if self.seen[self.param_start :].endswith(close):
            value = units[self.param_start : end - len(close)]
            is_content = self.param == "content"
            self.tool.params[self.param] = (
                _without_one_newline_each_side(value) if is_content else js_trim(value)
            )
            self.param = None

    def _in_tool(self, units: str) -> None:
        assert self.tool is not None
        if self.seen[self.tool_start :].endswith(f"</{self.tool.name}>"):
            self.tool.partial = False
            self.tool = None
            return
        for tag, name in self.param_tags.items():
            if self.seen.endswith(tag):
                self.param, self.param_start = name, len(self.seen)
                return
        if self.tool.name == "write_to_file" and self.seen.endswith("</content>"):
            self._content_to_last_close(units)

    def _content_to_last_close(self, units: str) -> None:
        assert self.tool is not None
        own = units[self.tool_start : len(self.seen)]
        # A missing opener is at -1, as in the client, so that the content starts at the ninth unit.
        start = own.find("<content>") + len("<content>")
        end = own.rfind("</content>")
        if end > start:
            self.tool.params["content"] = _without_one_newline_each_side(own[start:end])

    def _in_text(self, units: str, end: int) -> None:
        for tag, name in self.tool_tags.items():
            if self.seen.endswith(tag):
                if self.text is not None:
                    self.text.content = units[self.text_start : end - len(tag)]
                    self.text = None
                self.tool, self.tool_start = ToolUse(name), end
                self.blocks.append(self.tool)
                return
        if self.text is None:
            self.text, self.text_start = TextBlock(""), end - 1
            self.blocks.append(self.text)

    def _finalise(self, units: str) -> None:
        if self.tool is not None and self.param is not None and len(units) > self.param_start:
            self.tool.params[self.param] = units[self.param_start :]
        if self.text is not None:
            self.text.content = units[self.text_start :]


def read(text: str, tools: Collection[str], params: Collection[str]) -> list[Block]:
    """What Roo makes of a whole reply, finalised; empty text blocks are left out.

    tools, params: the names its parser knows (it does not matter which were offered). Raises TooLongError.
    """
    reading = _Reading(tools, params)
    reading.read(to_units(text))
    blocks: list[Block] = []
    for block in reading.blocks:
        if isinstance(block, ToolUse):
            values = {name: from_units(value) for name, value in block.params.items()}
            blocks.append(ToolUse(block.name, values, block.partial))
        elif shown := js_trim(from_units(block.content)):
            blocks.append(TextBlock(shown))
    return blocks


def read_as(version: tuple[int, int, int], text: str) -> list[Block]:
    """`read` with the names of one Roo version of the tables above."""
    return read(text, TOOLS[version], PARAMS[version])


def tool_uses(blocks: list[Block]) -> list[ToolUse]:
    return [block for block in blocks if isinstance(block, ToolUse)]


def shown_text(blocks: list[Block]) -> str:
    return "\n".join(block.content for block in blocks if isinstance(block, TextBlock))

"""The tools that a prompt's headings offer."""

from __future__ import annotations

import pytest

from roobridge.bridge.request.prompt_tools import OfferedTool, offered_tools

SECTION = """\
## look
Description: Looks.
Parameters:
- where: (required) A place
- how_long: (optional) Seconds
Usage:
<look>
<where>there</where>
</look>

## read_file
Parameters:
- args: Contains files, where each has:
  - path: (required) Its path
Usage:
<read_file>
<args>
  <file>
    <path>a</path>
  </file>
</args>
</read_file>

## rest
Description: Does nothing.
"""
TOOLS = (
    OfferedTool("look", (("where", True), ("how_long", False))),
    OfferedTool("read_file", (("args", False),)),
    OfferedTool("rest", ()),
)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "# Tool Use Guidelines\n## not_a_tool\n",
        "# Tool Use Examples\n## not_a_tool\n",
        "====\n\nRULES\n## not_a_tool\n",
        "# Anything Else\n## not_a_tool\n",
    ],
)
def test_the_section_ends_where_another_begins(after: str) -> None:
    assert offered_tools(f"Before\n## not_yet\n\n# Tools\n\n{SECTION}{after}") == TOOLS


def test_carriage_returns_are_ends_of_lines() -> None:
    prompt = f"# Tools\n\n{SECTION}\n# Tool Use Guidelines\n## no_tool".replace("\n", "\r\n")
    assert offered_tools(prompt) == TOOLS


@pytest.mark.parametrize("prompt", ["", "Tools\n## look\n", "## look\n", "see # Tools\n## look\n"])
def test_no_section_offers_nothing(prompt: str) -> None:
    assert offered_tools(prompt) == ()


def test_headings_that_are_no_names_end_a_tool() -> None:
    prompt = "# Tools\n## look\nUsage:\n## Connected Servers\n<look><a>1</a></look>\n- b: (required)"
    assert offered_tools(prompt) == (OfferedTool("look", ()),)


def test_a_prompt_may_be_cut_anywhere() -> None:
    whole = f"# Tools\n{SECTION}"
    for end in range(len(whole)):
        names = [tool.name for tool in offered_tools(whole[:end])]
        assert names[:-1] == ["look", "read_file"][: max(len(names) - 1, 0)]

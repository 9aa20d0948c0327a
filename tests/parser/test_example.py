"""What is kept of an example."""

from __future__ import annotations

from roobridge.parser.example import Example


def test_its_source_is_kept_whole() -> None:
    example = Example("```\n<list_files>", "\n<pa")
    example.add("th>.</path>")
    example.add("\nmore")
    assert example.head + example.rest() == "```\n<list_files>\n<path>.</path>\nmore"
    assert example.taken(5) == "```\n<list_files>\n<path>.</path>"
    assert example.taken(0) == example.head + example.rest()
    assert example.events == []

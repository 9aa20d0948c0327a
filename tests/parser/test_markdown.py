"""The walk, cut anywhere, against a reading of the whole text line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given

from roobridge.parser.markdown import Markdown, Place, Stop, fence_run
from tests.parser.pieces import cut_up, of_parts

Tag = tuple[int, Place, bool]  # where a `<` stands, what it is, and whether its line begins there


def walked(pieces: Sequence[str]) -> tuple[list[Tag], list[int]]:
    """Every `<` and every place where a block begins, as the machine walks: tag by tag, piece by piece."""
    markdown = Markdown()
    text, at = "", 0
    tags: list[Tag] = []
    breaks: list[int] = []
    for number, piece in enumerate(pieces):
        text += piece
        while at < len(text):
            tag = text.find("<", at)
            end = tag if tag >= 0 else len(text)
            at, stop = markdown.advance(text, at, end)
            if stop is Stop.BLOCK:
                breaks.append(at)
            elif stop is Stop.FENCE:
                run = fence_run(text, at)
                if run == len(text) and number + 1 < len(pieces):
                    break
                if run - at < 3:
                    markdown.not_fence(text[at:run])
                else:
                    markdown.open_fence(text[at:run])
                at = run
            elif stop is Stop.END and at == end and tag >= 0:
                start = markdown.at_start
                tags.append((tag, markdown.place, start))
                markdown.tag()
                at = tag + 1
    return tags, breaks


class Lines:
    """The same, obviously: one line after another, each looked at as a whole."""

    def __init__(self, text: str) -> None:
        self.tags: list[Tag] = []
        self.breaks: list[int] = []
        self.fence = ""
        self.after_blank = True
        self.fresh = False
        at = 0
        for line in text.split("\n"):
            self.read(line, at)
            at += len(line) + 1

    def read(self, line: str, at: int) -> None:
        body = line.lstrip(" \t\r")
        indent = len(line) - len(body)
        columns = sum({" ": 1, "\t": 4}.get(char, 0) for char in line[:indent])
        if self.fence:
            self.all(line, at, Place.BLOCK)
            closes = re.fullmatch(re.escape(self.fence[0]) + "{" + str(len(self.fence)) + ",}\\s*", body)
            if closes:
                self.fence = ""
            self.after_blank = self.fresh = bool(closes)
            return
        if not body:
            self.after_blank = self.fresh = True
            return
        if self.fresh:
            self.breaks.append(at + indent)
        opens = re.match("`{3,}|~{3,}", body)
        if opens:
            self.fence = opens[0]
        deep = columns >= 4 and self.after_blank
        if opens or deep or body.startswith(">"):
            self.all(line, at, Place.BLOCK)
        else:
            self.prose(line, at)
        self.after_blank, self.fresh = deep and not opens and not body.startswith(">"), False

    def all(self, line: str, at: int, place: Place) -> None:
        for found in re.finditer("<", line):
            start = not line[: found.start()].strip(" \t\r")
            self.tags.append((at + found.start(), place, start))

    def prose(self, line: str, at: int) -> None:
        for found in re.finditer("<", line):
            before = line[: found.start()]
            span = 0
            for run in re.findall("`+", before):
                span = len(run) if not span else 0 if span == len(run) else span
            place = Place.SPAN if span else Place.PROSE
            self.tags.append((at + found.start(), place, not before.strip(" \t\r")))


markdown_texts = of_parts(
    *(
        "<",
        "<",
        "\n",
        "\n",
        "\n\n",
        "\r\n",
        "`",
        "``",
        "```",
        "````",
        "~",
        "~~~",
        ">",
        " ",
        "    ",
        "\t",
        "a",
        "b c",
    ),
    longest=18,
)


@given(cut_up(markdown_texts))
def test_the_walk_agrees_with_the_lines_at_every_cutting(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    lines = Lines(text)
    assert walked(pieces) == (lines.tags, lines.breaks)


@given(cut_up(markdown_texts.map(lambda text: text.replace("<", "x"))))
def test_absorbing_leaves_it_where_walking_does(cut: tuple[str, list[str]]) -> None:
    text, _ = cut
    absorbed = Markdown()
    absorbed.absorb(text)
    tags = Lines(text + "<").tags
    in_run = re.search("[`~]$", text)  # what an unfinished run is, only the next character says
    if not in_run:
        assert [(len(text), absorbed.place, absorbed.at_start)] == tags


@given(cut_up(markdown_texts.map(lambda text: text.replace("<", ""))))
def test_what_flows_is_walked_over(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    for piece in pieces:
        markdown, walking = Markdown(), Markdown()
        markdown.absorb(text)
        walking.absorb(text)
        if markdown.flows(piece):
            assert walking.advance(piece, 0, len(piece)) == (len(piece), Stop.END)
            for after in ("", "\n", "    x"):
                assert markdown.advance(after, 0, len(after)) == walking.advance(after, 0, len(after))
            assert (markdown.place, markdown.at_start, markdown.fence) == (
                walking.place,
                walking.at_start,
                walking.fence,
            )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a `code ", Place.SPAN),
        ("a `code`", Place.PROSE),
        ("a ``co`de", Place.SPAN),
        ("a `code\n", Place.PROSE),
        ("    ", Place.BLOCK),
        ("a\n    ", Place.PROSE),
        ("a\n\n\t", Place.BLOCK),
        ("> ", Place.BLOCK),
        ("```xml\n", Place.BLOCK),
        ("```\n```\n", Place.PROSE),
        ("```\n```\n    ", Place.BLOCK),
        ("````\n```\n", Place.BLOCK),
        ("~~~\n```\n", Place.BLOCK),
        ("- a\n  ```\n", Place.BLOCK),
    ],
)
def test_where_a_tag_stands(text: str, place: Place) -> None:
    markdown = Markdown()
    markdown.absorb(text)
    assert markdown.place is place

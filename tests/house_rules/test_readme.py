"""What the READMEs say against what the code is."""

from __future__ import annotations

import re
import tomllib
from typing import get_args

import pytest

from roobridge import dialects, events
from roobridge.bridge.plan import ClientKind, Wrap
from roobridge.dialects import native
from roobridge.upstream.presets import PRESETS
from tests.house_rules.options import options_of
from tests.house_rules.readme import (
    ALL,
    BRIDGE,
    COMMANDS,
    DIALECTS,
    FIXTURES,
    GRAMMAR,
    TOP,
    UPSTREAMS,
    Readme,
    word,
)
from tests.house_rules.source import ROOT, kept_texts, modules, name_of, repairs

# Lines: of the top, and of what is seen of it first.
WHOLE, HEAD = 150, 20


def test_two_commands_of_one_line_stand_at_the_top() -> None:
    serve, tests = TOP.blocks("sh")[:2]
    assert serve.count("\n") == tests.count("\n") == 1
    assert serve.endswith(" && .venv/bin/roobridge serve\n")
    assert tests.endswith(" && .venv/bin/pytest\n")
    assert tests in "".join(TOP.text.splitlines(keepends=True)[:HEAD])


def test_the_top_is_short_and_leads_to_every_other_readme() -> None:
    assert len(TOP.text.splitlines()) <= WHOLE
    rows = TOP.table("Where to read on", "README")
    assert [f"[{readme.folder}]({readme.name})" for readme in ALL[1:]] == [row[0] for row in rows]
    assert all(row[1] for row in rows)


def test_continuous_integration_runs_the_command_of_the_top() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep -E '(.*)' README\.md", script)
    assert pattern is not None
    assert re.findall(pattern[1], TOP.text, re.MULTILINE) == [TOP.blocks("sh")[1].rstrip("\n")]


def test_the_project_says_of_itself_what_the_readme_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert TOP.text.splitlines()[2] == project["description"]


@pytest.mark.parametrize("command", ["serve", "transform", "replay"])
def test_every_option_has_its_help_and_none_is_unknown(command: str) -> None:
    options = options_of(command)
    assert all(options.values())
    named = [line for readme in ALL for line in re.findall(rf"roobridge {command}\b([^`\n|]*)", readme.text)]
    assert {said for line in named for said in re.findall(r"(?<!\S)--[\w-]+", line)} <= {*options, "--help"}
    assert f"roobridge {command}" in TOP.text


def test_every_option_is_written_down() -> None:
    for command in ("transform", "replay"):
        assert [option for option in options_of(command) if f"`{option}" not in COMMANDS.text] in (
            [],
            ["--update"],
        )
    assert "--update" in COMMANDS.section("Recordings as tests: `roobridge replay`")


def test_the_repairs_are_those_of_the_code() -> None:
    rows = DIALECTS.table("What is repaired", "repair")
    documented = [word(row[0]) for row in rows]
    composed = {name[:-1] for name in repairs() if name.endswith("*")}
    named = {name for name in documented if not name.startswith(tuple(composed))}
    assert named == {name for name in repairs() if not name.endswith("*")}
    assert documented == sorted(documented)
    assert all(row[1] for row in rows)


def test_the_dialects_are_those_of_the_code() -> None:
    rows = [(word(row[0]), word(row[1])) for row in DIALECTS.table("What is read", "dialect")]
    named = {dialect.name for dialect in dialects.DIALECTS} | {dialects.FENCED_JSON.dialect, native.NAME}
    assert {name for name, _ in rows} == named
    files = sorted(name_of(file) for file in modules("roobridge/dialects") if file.stem != "__init__")
    assert sorted(file for _, file in rows) == files


def test_the_events_and_pieces_are_those_of_the_code() -> None:
    documented = [word(row[0]) for row in DIALECTS.table("Events", "event")]
    assert documented == [event.__name__ for event in get_args(events.Event)]
    pieces = get_args(events.Piece)
    assert all(f"`{piece.__name__}`" in DIALECTS.section("Events") for piece in pieces)


def test_the_floors_are_those_of_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [layer.split(" | ") for layer in contracts["contracts"][0]["layers"] if layer != "__main__"]
    lines = re.findall(r"^  (\S.*?)  ", section_picture(), re.MULTILINE)
    assert [re.sub(r"/|\.py", "", line).split() for line in lines] == layers


def section_picture() -> str:
    return next(block for block in TOP.blocks("") if block.startswith("roobridge/\n"))


def test_the_kinds_and_policies_are_those_of_the_code() -> None:
    kinds = [word(row[0]) for row in BRIDGE.table("Kinds of request", "kind")]
    assert kinds == [kind.value for kind in ClientKind]
    assert re.findall(r"\(`([\w-]+)`\)", TOP.section("Kinds of request")) == kinds
    policies = [word(row[0]) for row in BRIDGE.table("Wrap policies", "policy")]
    assert policies == [policy.value for policy in Wrap]
    assert re.findall(r"^- `(\w+)`", TOP.section("Wrap policies"), re.MULTILINE) == policies


def test_every_preset_has_its_command() -> None:
    commands = [word(row[1]) for row in TOP.table("Upstreams", "upstream")]
    named = [found[1] for command in commands if (found := re.search(r"--upstream (\S+)", command))]
    assert named == [*PRESETS, "openai", "qwen-web"]


def test_every_preset_has_its_address() -> None:
    rows = [(word(row[0]), word(row[1])) for row in UPSTREAMS.table("Presets", "preset")]
    assert rows == [(name, known.base_url) for name, known in PRESETS.items()]


def test_every_file_of_the_grammar_and_every_fixture_has_its_row() -> None:
    files = {name for name, _ in kept_texts() if name.rpartition("/")[2] != "README.md"}
    grammar = re.findall(r"^\| `(grammar/[^`]+)` \|", GRAMMAR.text, re.MULTILINE)
    assert set(grammar) == {name for name in files if name.startswith("grammar/")}
    fixtures = tuple(re.findall(r"^\| `(fixtures/[^`]+)` \|", FIXTURES.text, re.MULTILINE))
    assert [name for name in files if name.startswith("fixtures/") and not name.startswith(fixtures)] == []


def test_every_readme_is_known() -> None:
    kept = {name for name, _ in kept_texts() if name.rpartition("/")[2] == "README.md"}
    assert {readme.name for readme in ALL} == kept


@pytest.mark.parametrize("readme", ALL, ids=lambda readme: readme.name)
def test_links_inside_lead_somewhere(readme: Readme) -> None:
    by_file = {known.file: known for known in ALL}
    for target, anchor in readme.links():
        file = (readme.file.parent / target).resolve() if target else readme.file
        assert file.exists(), target
        assert not anchor or anchor in by_file[file].anchors(), (target, anchor)
    files = re.findall(r"`((?:roobridge|grammar|tests|fixtures)/[\w./-]+)`", readme.text)
    assert [name for name in files if "NAME" not in name and not (ROOT / name).exists()] == []

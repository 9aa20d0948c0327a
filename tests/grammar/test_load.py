"""What a grammar file may say, what is refused and where, and that the wheel carries the files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.errors import SettingsError
from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Completion, Field, Kind, Nested

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "grammar" / "tool-grammar.rng"

READER = '<reader><param name="out"/></reader>'
DONE = (
    '<tool name="done" role="completion" result="out"><param name="out" kind="text" required="yes"/></tool>'
)


def family(*lines: str, reader: str = READER, done: str = DONE) -> str:
    """A file whose first line of `lines` is line 4."""
    return "\n".join(['<family name="box">', reader, done, *lines, "</family>"])


def folder_of(folder: Path, text: str | bytes, name: str = "box.xml") -> Path:
    shutil.copy(SCHEMA, folder)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load_grammar(folder)
    assert refused.value.code == "grammar"
    return refused.value.message


def test_the_projects_own_files() -> None:
    grammar = load_grammar()
    assert set(grammar.families) == {"roo", "cline", "zoo", "kilo"}
    assert all(grammar.family(name).name == name for name in grammar.families)
    with pytest.raises(KeyError):
        grammar.family("box")


def test_a_small_family(tmp_path: Path) -> None:
    text = family(
        '<tool name="put" last-close="text" since="1.2.0">',
        '  <param name="text" kind="verbatim" required="yes"/>',
        '  <param name="lines" kind="number" computed="text" cut="safe"/>',
        '  <param name="list" kind="xml" prose="yes">',
        '    <nested item="one" key="many" lone="a">',
        '      <field name="a" required="yes"/><field at="attribute" name="b" key="c"/>',
        '      <field at="text" key="d"/>',
        '      <field name="e" repeated="yes"><field name="n" number="yes"/></field>',
        "    </nested>",
        "  </param>",
        "</tool>",
        reader=(
            '<reader since="1.0.0" until="1.9.9">'
            '<limit units="9"/><tool name="x"/><param name="out"/></reader>'
        ),
    )
    box = load_grammar(folder_of(tmp_path, text)).family("box")
    assert box.completion == Completion("done", "out")
    toolset = box.toolset((1, 2))
    assert toolset.value_limit == 9
    assert toolset.read_tools == {"done", "put", "x"}
    put = toolset.tools["put"]
    assert (put.known, put.last_close, put.required) == (True, "text", ("text",))
    assert put.params["lines"].computed == "text"
    assert put.params["lines"].cut_safe
    assert not put.params["text"].cut_safe
    assert put.params["list"].prose
    assert put.params["list"].kind is Kind.XML
    assert put.params["list"].nested == Nested(
        item="one",
        key="many",
        lone="a",
        fields=(
            Field("a", "a", required=True),
            Field("b", "c", attribute=True),
            Field("", "d", text=True),
            Field("e", "e", repeated=True, fields=(Field("n", "n", number=True),)),
        ),
    )


BROKEN = {
    "not well-formed": (family('<tool name="a">'), 5, "mismatch"),
    "cut short": ('<family name="box">\n', 2, "Premature end"),
    "unknown element": (family("<toll/>"), 4, "toll"),
    "unknown attribute": (family('<tool name="a" nmae="b"/>'), 4, "nmae"),
    "no name": (family("<tool/>"), 4, "validate attributes in <tool>"),
    "bad name": (family('<tool name="a b"/>'), 4, '<tool name="a b">'),
    "bad version": (family('<tool name="a" since="3.x"/>'), 4, "since"),
    "version of two parts": (family('<tool name="a" until="3.1"/>'), 4, "until"),
    "unknown kind": (family('<tool name="a">', '<param name="p" kind="poem"/>', "</tool>"), 5, 'kind="poem"'),
    "no kind": (family('<tool name="a">', '<param name="p"/>', "</tool>"), 5, '<param name="p">'),
    "unknown cut": (
        family('<tool name="a">', '<param name="p" kind="text" cut="deep"/>', "</tool>"),
        5,
        "cut",
    ),
    "xml without nested": (family('<tool name="a">', '<param name="p" kind="xml"/>', "</tool>"), 5, "nested"),
    "computed text": (
        family('<tool name="a">', '<param name="p" kind="text" computed="q"/>', "</tool>"),
        5,
        "computed",
    ),
    "bad limit": (family(reader=READER.replace("<param", '<limit units="0"/><param')), 2, "'0'"),
    "another root": ("<families/>", 1, "families"),
    "range reversed": (
        family('<tool name="a" since="2.0.0" until="1.0.0"/>'),
        4,
        "since=2.0.0 is after until=1.0.0",
    ),
    "tool twice": (family('<tool name="a"/>', '<tool name="a"/>'), 5, "tool a is in line 4 already"),
    "tool ranges overlap": (
        family('<tool name="a" until="1.0.0"/>', '<tool name="a" since="1.0.0"/>'),
        5,
        "tool a is in line 4 already",
    ),
    "param twice": (
        family(
            '<tool name="a">', '<param name="p" kind="text"/>', '<param name="p" kind="json"/>', "</tool>"
        ),
        6,
        "param p is in line 5 already",
    ),
    "reader's param twice": (
        family(reader='<reader>\n<param name="p"/>\n<param name="p" since="1.0.0"/></reader>'),
        4,
        "param p is in line 3 already",
    ),
    "two limits at once": (
        family(reader='<reader><limit units="1"/>\n<limit units="2"/><param name="p"/></reader>'),
        3,
        "limit is in line 2 already",
    ),
    "param outlives its tool": (
        family('<tool name="a" until="1.0.0">', '<param name="p" kind="text" since="1.0.1"/>', "</tool>"),
        5,
        "p is never there while its tool is",
    ),
    "computed from nothing": (
        family('<tool name="a">', '<param name="p" kind="number" computed="q"/>', "</tool>"),
        4,
        "computed=q names no parameter of a",
    ),
    "last close of nothing": (
        family('<tool name="a" last-close="p"/>'),
        4,
        "last-close=p names no parameter of a",
    ),
    "no completion": (family('<tool name="a"/>', done=""), 1, "one tool with role=completion"),
    "two completions": (family(DONE.replace("done", "over")), 4, "one tool with role=completion"),
    "completion without its parameter": (
        family(done='<tool name="done" role="completion" result="out"/>'),
        3,
        "result=out names no parameter of done",
    ),
    "base without release": ('<successor name="box" base="bag"/>', 1, "base"),
    "base and tools": (
        '<successor name="box" base="bag" release="1.0.0">\n<tool name="a"/></successor>',
        2,
        "tool",
    ),
    "base without a file": (
        '<successor name="box" base="bag" release="1.0.0"/>',
        1,
        "base=bag names no family that has tools of its own",
    ),
    "role without result": (family(done='<tool name="done" role="completion"/>'), 3, "role"),
    "a document type": ('<!DOCTYPE family>\n<family name="box"/>', 1, "document type"),
}


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_refused(tmp_path: Path, text: str, line: int, reason: str) -> None:
    message = refusal(folder_of(tmp_path, text))
    assert message.startswith(f"{tmp_path / 'box.xml'}, line {line}: ")
    assert reason in message


def test_a_count_of_something_else_than_lines_is_refused(tmp_path: Path) -> None:
    text = family(
        '<tool name="a">',
        '<param name="p" kind="number" computed="q"/>',
        '<param name="q" kind="text"/>',
        "</tool>",
    )
    assert refusal(folder_of(tmp_path, text)).endswith("line 5: computed=q names no verbatim parameter")


def test_same_name_in_separate_ranges_is_fine(tmp_path: Path) -> None:
    text = family(
        '<tool name="a" until="1.0.0"/>',
        '<tool name="a" since="1.0.1"><param name="p" kind="text"/></tool>',
    )
    box = load_grammar(folder_of(tmp_path, text)).family("box")
    assert not box.toolset((1, 0, 0)).tools["a"].params["p"].offered
    assert box.toolset((1, 0, 1)).tools["a"].params["p"].offered


def test_a_family_has_one_file(tmp_path: Path) -> None:
    folder_of(tmp_path, family())
    folder_of(tmp_path, "\n" + family(), "other.xml")
    assert refusal(tmp_path) == f"{tmp_path / 'other.xml'}, line 2: the family box has a file already"


def test_no_file_no_folder_no_schema(tmp_path: Path) -> None:
    assert str(tmp_path / "tool-grammar.rng") in refusal(tmp_path)
    assert str(tmp_path / "none" / "tool-grammar.rng") in refusal(tmp_path / "none")
    shutil.copy(SCHEMA, tmp_path)
    assert "no grammar file" in refusal(tmp_path)


@pytest.mark.parametrize(
    "schema", ["<grammar", '<grammar xmlns="http://relaxng.org/ns/structure/1.0">\n<start/>\n</grammar>']
)
def test_a_broken_schema_is_refused(tmp_path: Path, schema: str) -> None:
    folder_of(tmp_path, family())
    (tmp_path / "tool-grammar.rng").write_text(schema, encoding="utf-8")
    assert f"{tmp_path / 'tool-grammar.rng'}, line " in refusal(tmp_path)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE family [<!ENTITY word "done">]>',
        '<!DOCTYPE family [<!ENTITY word SYSTEM "{secret}">]>',
        '<!DOCTYPE family SYSTEM "{secret}">',
        '<!DOCTYPE family [<!ENTITY % word SYSTEM "{secret}"> %word;]>',
    ],
)
def test_no_entity_is_read(tmp_path: Path, declaration: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words", encoding="utf-8")
    text = declaration.format(secret=secret.as_uri()) + family().replace("done", "&word;")
    assert "hidden words" not in refusal(folder_of(tmp_path, text))


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "aaaaaaaaaa"}">' for n in range(12))
    text = f"<!DOCTYPE family [{entities}]>" + family().replace('"box"', '"&e11;"')
    assert str(tmp_path / "box.xml") in refusal(folder_of(tmp_path, text))


@given(st.data())
def test_any_damage_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = (ROOT / "grammar" / "cline.xml").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, 40))
    damaged = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + cut :]
    folder = folder_of(tmp_path_factory.mktemp("damaged"), damaged, "cline.xml")
    try:
        grammar = load_grammar(folder)
    except SettingsError as refused:
        assert refused.message.startswith(f"{folder / 'cline.xml'}, line ")  # noqa: PT017
    else:
        assert len(grammar.families) == 1


def test_the_wheel_carries_the_grammar(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: install the dev extra")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "site"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    script = (
        "import roobridge; from roobridge.grammar.load import load_grammar; "
        "print(roobridge.__file__, *sorted(load_grammar().families), sep='\\n')"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.splitlines() == [
        str(site / "roobridge" / "__init__.py"),
        *("cline", "kilo", "roo", "zoo"),
    ], asked.stderr

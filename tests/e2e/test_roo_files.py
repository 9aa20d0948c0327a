"""Files that are hard to carry, written in every dialect, read back byte for byte from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.model import Said
from tests.e2e.scenario import CLOSING, Dialect, spoken
from tests.e2e.test_roo import VARIANTS, drive
from tests.oracle.dialect_writer import roo_xml

pytestmark = pytest.mark.e2e

FILES = {
    "one.txt": "x",
    "bare.txt": "no newline at the end",
    "blank.txt": "\n\n  \n",
    "edges.txt": "\n\n\tindented first\n\nlast, then two newlines\n\n",
    "crlf.txt": "one\r\ntwo\r\n",
    "wide.txt": "\u2028 \U0001f469\u200d\U0001f4bb \u202eabc\u202c \ufeff e\u0301 \u00a0 \x7f\n",
    "quotes.json": '{"a": "\\"b\\"", "c": "\\\\n", "d": ["\\u0041", null], "e": "{}"}\n',
    "page.html": "<html>\n<body><result>1</result><path>a</path>\n<!-- </body> -->\n</body>\n</html>\n",
    "calls.md": "```xml\n<read_file>\n<path>a</path>\n</read_file>\n```\n",
    "hermes.md": '<tool_call>\n{"name": 1}\n</tool_call>\n',
    "qwen.md": "<function=write_to_file>\n<parameter=path>\nb\n</function>\n",
    "think.md": "<think>\nno thought of the model's\n</think>\n<thinking>nor this</thinking>\n",
    "diff.txt": "<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n",
    "fence.md": "~~~\n```\n    ````\n`<write_to_file>`\n",
    "src/deep/code.py": 'def f(a, b):\n    """a < b & b > a"""\n    return f"{a!r:>{b}}" if a<b else a<<b\n',
    "long.txt": "".join(f'{n:05} the quick brown fox; <b>&</b> \\ "\n' for n in range(120)),
}
CASES = [(client, dialect) for client in VARIANTS for dialect in Dialect]


@pytest.mark.parametrize(("client", "dialect"), CASES, ids=str)
async def test_files_come_out_byte_for_byte(client: str, dialect: Dialect, tmp_path: Path) -> None:
    variant = VARIANTS[client]
    steps = [("write_to_file", {"path": path, "content": content}) for path, content in FILES.items()]
    replies = spoken(steps, dialect, native=variant.native)
    run = await drive(tmp_path, variant, *replies, Said(CLOSING), wire=dialect.wire, most=len(FILES) + 3)
    on_disk = {path: (tmp_path / "workspace" / path) for path in FILES}
    saved = {path: file.read_bytes().decode() for path, file in on_disk.items() if file.is_file()}
    assert saved == FILES
    assert (run.course.completion or "").strip() == CLOSING
    assert (run.course.turns, run.course.errors) == (len(FILES) + 1, [])


async def test_a_call_inside_the_thoughts_alone_is_run(tmp_path: Path) -> None:
    call = roo_xml("write_to_file", {"path": "a.txt", "content": "a\n"})
    run = await drive(
        tmp_path, VARIANTS["Roo 3.31 rules, XML"], Said("", f"I write it.\n{call}"), Said(CLOSING)
    )
    assert (tmp_path / "workspace" / "a.txt").read_bytes() == b"a\n"
    assert run.course.turns == 2

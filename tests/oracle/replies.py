"""Model replies for Hypothesis: scenarios, whose outcome is settled, and soup, whose outcome is not.

A scenario is abstract (text, thinking, one call with its values) and is then written in a dialect. Its values
hold what such values hold in practice, and all that is hostile but settled: tags of other tools, fences,
backticks, CRLF, characters outside the BMP, blank lines, zero-width ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from tests.oracle.dialect_writer import DIALECTS, Value, write
from tests.oracle.plans import CLIENTS, Client

WORDS = [
    "plain words",
    "x = 1",
    "if a < b and b > c:",
    "naïve café",
    "日本語",
    "😀",
    "𝒜𝒷",
    "a\u200bb",
    "&lt;b&gt; &amp;",
    "\\n \\u0041 \\",
    '"quoted"',
    "'",
    "{}",
    '{"a": [1]}',
    "# title",
    "- item",
    "| a | b |",
    "100%",
    "\ttab",
    "<div class='x'>",
    "</div>",
    "<T>",
    "List<List<int>>",
    "<!-- c -->",
    "<![CDATA[x]]>",
    "a</b",
    "<",
    "</",
    ">",
]
MARKUP = [
    "<read_file>",
    "</read_file>",
    "<path>x</path>",
    "<list_files><path>.</path></list_files>",
    "<tool_call>",
    "</tool_call>",
    "<function=read_file>",
    "<attempt_completion>",
    "</attempt_completion>",
    "<think>",
    "</think>",
    "```",
    "```xml",
    "~~~",
    "`",
    "`` ` ``",
    "> quote",
    "    indented",
    "<|im_end|>",
    '{"name": "read_file",',
]
BREAKS = ["\n", "\n\n", " ", "\r\n", "\n  "]

# Closers of the value's own that another rule would have to settle: kept out of settled values.
_OWN = (
    "</content",
    "</diff",
    "</command",
    "</path",
    "</regex",
    "</result",
    "</parameter",
    "<parameter",
    "</fun",
)

# Lines of prose that hold mentions and examples, each complete in itself.
PROSE = [
    "I will look at it.",
    "The `<read_file>` tool reads.",
    "Then <read_file> comes to mind, as words.",
    "Use `<list_files><path>.</path></list_files>` for that.",
    "A closer </read_file> in a line is a mention.",
    "The <foo_tool><path>a</path></foo_tool> is nobody's.",
    "if a < b and c > d",
    "Ünïcode 日本語 😀 𝒜.",
    "- item `code` and ``a ` b``",
    "\nExample:\n\n```xml\n<list_files>\n<path>.</path>\n</list_files>\n```\n",
    "\n~~~\n<tool_call>\n~~~\n",
    "> quoted <list_files><path>.</path></list_files> words",
    "He wrote <function=read_file> and stopped.",
    "1 &lt; 2 &amp; 3",
]


@dataclass(frozen=True)
class Call:
    name: str
    params: dict[str, Value]


@dataclass(frozen=True)
class Scenario:
    """A reply and what must come of it. text: the words outside the call. call: None for plain text."""

    client: Client
    dialect: str
    text: str
    thinking: str
    call: Call | None
    deltas: tuple[Delta, ...]


def _inside(value: str) -> bool:
    return not any(tag in value for tag in _OWN) and not value.endswith("\r")


verbatim_values = (
    st.lists(st.tuples(st.sampled_from(WORDS + MARKUP), st.sampled_from(BREAKS)), min_size=1, max_size=8)
    .map(lambda parts: "".join(word + gap for word, gap in parts))
    .flatmap(lambda text: st.sampled_from([text, "\n" + text, text.rstrip() + "x", "  " + text]))
    .filter(_inside)
)
line_values = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda w: "v" + " ".join(w) + ".")
one_line_values = line_values.filter(_inside)


def _params(name: str) -> st.SearchStrategy[dict[str, Value]]:
    shapes: dict[str, dict[str, st.SearchStrategy[Value]]] = {
        "write_to_file": {"path": one_line_values, "content": verbatim_values},
        "apply_diff": {"path": one_line_values, "diff": verbatim_values.map(lambda text: f"<<<{text}>>>")},
        "execute_command": {"command": one_line_values},
        "search_files": {"path": one_line_values, "regex": one_line_values},
        "list_files": {"path": one_line_values, "recursive": st.booleans()},
        "attempt_completion": {"result": verbatim_values.map(lambda text: f"So: {text}.")},
    }
    return st.fixed_dictionaries(shapes[name])


CALL_NAMES = [
    "write_to_file",
    "apply_diff",
    "execute_command",
    "search_files",
    "list_files",
    "attempt_completion",
]
# Tools that every client of the table but these knows under these names.
_MISSING = {"cline": {"apply_diff", "execute_command"}}

calls = st.sampled_from(CALL_NAMES).flatmap(
    lambda name: _params(name).map(lambda params: Call(name, params)),
)
prose = st.lists(st.sampled_from(PROSE), min_size=1, max_size=4).map("\n".join)
agents = st.sampled_from([client for client in CLIENTS.values() if client.agent])


@st.composite
def call_scenarios(draw: st.DrawFn, dialect: str | None = None) -> Scenario:
    """Thinking or none, text or none, one call."""
    client = draw(agents)
    missing = _MISSING.get(client.name, set())
    call = draw(calls.filter(lambda call: call.name not in missing))
    spelling = dialect or draw(st.sampled_from(DIALECTS))
    text = draw(st.one_of(st.just(""), prose))
    thinking = draw(st.sampled_from(["", "", "plan it, with <list_files><path>.</path></list_files>"]))
    deltas = [Delta(reasoning=thinking)] if thinking else []
    deltas += [Delta(content=text + "\n\n")] if text else []
    deltas.append(write(spelling, call.name, call.params))
    return Scenario(client, spelling, text, thinking, call, tuple(deltas))


@st.composite
def text_scenarios(draw: st.DrawFn) -> Scenario:
    """A reply without a call, for any client."""
    client = draw(st.sampled_from(list(CLIENTS.values())))
    text = draw(prose) + "\n\nThat is all."
    return Scenario(client, "text", text, "", None, (Delta(content=text),))


_SOUP = [
    *WORDS,
    *MARKUP,
    *PROSE,
    *BREAKS,
    "<write_to_file>",
    "<path>",
    "</path>",
    "<content>",
    "</content>",
    "<result>",
    "</result>",
    "</write_to_file>",
    "<execute_command>",
    "<command>",
    "</command>",
    "</execute_command>",
    "<args>",
    "</args>",
    "<file>",
    "</file>",
    "<line_count>3</line_count>",
    "<parameter=path>",
    "</parameter>",
    "</function>",
    "<function=write_to_file>",
    "<parameter=content>",
    '"arguments": {',
    '"path": "a"',
    "}",
    "}}",
    '{"name": ',
    '"execute_command"',
    '"command": "ls',
    '"',
    ",",
    "\\",
    "\\u00",
    "<thinking>",
    "</thinking>",
    "<question>",
    "</question>",
    "<ask_followup_question>",
    "</ask_followup_question>",
    "...",
    "````",
    "</resu",
    "<rea",
    "</",
    "<attempt_completion>\n<result>\nIt works.\n</result>\n</attempt_completion>",
    "<list_files>\n<path>.</path>\n</list_files>",
    "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n</parameter>\n</function>\n</tool_call>",
    '<tool_call>\n{"name": "list_files", "arguments": {"path": "."}}\n</tool_call>',
]


@st.composite
def soups(draw: st.DrawFn) -> str:
    """Anything a model might write, in any order; each part is followed by a word of its own."""
    parts = draw(st.lists(st.sampled_from(_SOUP), max_size=14))
    marked = draw(st.sets(st.integers(0, 13), max_size=5))
    return "".join(f"{part} w{at:02}e " if at in marked else part for at, part in enumerate(parts))


endings = st.sampled_from(["stop", "stop", "stop", "tool_calls", "length", "cut", "error", "silence"])

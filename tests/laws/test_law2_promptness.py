"""Law 2: what is withheld is a live prefix of a tag, the white space it decides, and nothing else.

The bound is written here without knowing the machine: input and output are interleaved one character at a
time, and what the client lacks of the open value is looked at each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from roobridge.events import Content, Piece, Thought, ToolDelta
from tests.oracle.cuts import characters, cut
from tests.oracle.dialect_writer import DIALECTS, write
from tests.oracle.plans import CLIENTS, ROO_41, ROO_52, Client
from tests.oracle.replies import verbatim_values

# A line break, then tags or the beginning of one: all that may be live inside a verbatim value.
LIVE = re.compile(r"(\r?\n|\r)?(<\\?[/|]?/?[ \t]?[\w=|-]{0,40}>?\s*){0,9}")
# In JSON text an escape (two for a surrogate pair) is live as well.
LIVE_JSON = re.compile(r"(\\u?[0-9a-fA-F]{0,4}){0,2}")


class Watch:
    """Feeds deltas and gathers what came out so far."""

    def __init__(self, plan: Plan) -> None:
        self.reply = new_reply(plan)
        self.content = ""
        self.preview = ""
        self.arguments = ""

    def feed(self, delta: Delta) -> None:
        self.take(self.reply.feed(delta))

    def take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            match piece:
                case Content(text):
                    self.content += text
                case Thought(text, preview=True):
                    self.preview += text
                case ToolDelta(arguments=arguments):
                    self.arguments += arguments

    @property
    def value(self) -> str:
        """The value of `content` as far as it came, read from the open arguments."""
        _, found, rest = self.arguments.partition('"content":')
        return _open_string(rest.lstrip()) if found else ""


def _open_string(text: str) -> str:
    """The value of a JSON string that may not have been closed yet."""
    match = re.match(r'"(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*', text)
    if match is None:
        return ""
    value: str = json.loads(match[0] + '"', strict=False)
    return value


def fed(plan: Plan, deltas: list[Delta]) -> Iterator[tuple[str, Watch]]:
    """After each character: the text fed so far, and what has come out."""
    watch = Watch(plan)
    seen = ""
    for delta in cut(deltas, characters):
        watch.feed(delta)
        seen += delta.content
        yield seen, watch


@pytest.mark.parametrize("wrap", Wrap)
@given(value=verbatim_values)
def test_file_content_flows_in_xml(wrap: Wrap, value: str) -> None:
    call = write("roo_xml", "write_to_file", {"path": "a.py", "content": value})
    start = len("<write_to_file>\n<path>a.py</path>\n<content>")
    for seen, watch in fed(ROO_41.plan(wrap), [call]):
        if start < len(seen) <= start + 1 + len(value):
            assert seen.startswith(watch.content)
            withheld = seen[max(len(watch.content), start) :]
            assert LIVE.fullmatch(withheld), f"withheld {withheld!r} after {seen[-40:]!r}"


@pytest.mark.parametrize("dialect", ["roo_xml", "qwen", "qwen_bare", "invoke"])
@given(value=verbatim_values)
def test_file_content_flows_in_native_calls(dialect: str, value: str) -> None:
    call = write(dialect, "write_to_file", {"path": "a.py", "content": value})
    head = re.search(r'content"?>\n', call.content)
    assert head is not None
    start = head.end()
    for seen, watch in fed(ROO_52.plan(), [call]):
        if start < len(seen) <= start + len(value):
            assert value.startswith(watch.value)
            withheld = seen[start + len(watch.value) :]
            assert LIVE.fullmatch(withheld), f"withheld {withheld!r} after {seen[-40:]!r}"


@pytest.mark.parametrize("dialect", ["hermes", "hermes_escaped", "deepseek", "deltas"])
@given(value=verbatim_values)
def test_file_content_flows_out_of_json(dialect: str, value: str) -> None:
    call = write(dialect, "write_to_file", {"path": "a.py", "content": value})
    source = call.content or call.tool_calls[0].arguments
    start = source.index('"content": ') + len('"content": "')
    end = start + len(json.dumps(value, ensure_ascii=dialect == "hermes_escaped")) - 2
    fed_so_far = ""
    watch = Watch(ROO_52.plan())
    for delta in cut([call], characters):
        watch.feed(delta)
        fed_so_far += delta.content or "".join(tool.arguments for tool in delta.tool_calls)
        if not start < len(fed_so_far) <= end:
            continue
        got = json.dumps(watch.value, ensure_ascii=dialect == "hermes_escaped")[1:-1]
        assert fed_so_far[start:].startswith(got)
        withheld = fed_so_far[start + len(got) :]
        assert LIVE_JSON.fullmatch(withheld), f"withheld {withheld!r}"


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "fenced"])
@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())
def test_letters_of_a_value_are_never_withheld(dialect: str, client: Client) -> None:
    if not client.agent:
        return
    letters = "abcdefghiz" * 20
    call = write(dialect, "write_to_file", {"path": "a.py", "content": letters})
    watch = Watch(client.plan())
    for delta in cut([call], characters):
        watch.feed(delta)
        letter = (delta.content or "".join(tool.arguments for tool in delta.tool_calls))[-1:]
        if letter == "z":  # it stands nowhere but in the value
            assert (watch.content + watch.arguments).endswith("z")
    assert letters in watch.content + watch.arguments


PROSE = st.text(alphabet=st.sampled_from("abc é日😀,.:;()-*#\n"), min_size=1, max_size=120)


@given(text=PROSE)
def test_plain_text_is_previewed_as_it_comes(text: str) -> None:
    for seen, watch in fed(ROO_41.plan(Wrap.PREVIEW), [Delta(content="So " + text)]):
        assert watch.content == ""
        withheld = seen[len(watch.preview) :]
        assert seen.startswith(watch.preview)
        assert not withheld.strip(" \n#-*"), f"withheld {withheld!r}"


@pytest.mark.parametrize("name", ["plain", "other-native"])
@given(text=PROSE)
def test_text_that_is_not_wrapped_flows(name: str, text: str) -> None:
    for seen, watch in fed(CLIENTS[name].plan(), [Delta(content=text)]):
        withheld = seen[len(watch.content) :]
        assert not withheld.strip(" \n#-*"), f"withheld {withheld!r}"


@given(text=st.text(min_size=1, max_size=80))
def test_plain_requests_hold_nothing_back(text: str) -> None:
    for seen, watch in fed(CLIENTS["plain"].plan(), [Delta(content=text)]):
        assert watch.content == seen


@given(text=PROSE)
def test_live_text_is_held_to_its_last_block(text: str) -> None:
    for seen, watch in fed(ROO_41.plan(Wrap.LIVE), [Delta(content="Alpha.\n\nBeta " + text)]):
        if seen.startswith("Alpha.\n\nBeta"):
            assert watch.content.startswith("Alpha.")


@pytest.mark.parametrize("client", [CLIENTS["roo-3.31.3-xml"], CLIENTS["roo-3.52.1-native"]])
def test_a_completion_waits_for_its_first_letter_and_then_flows(client: Client) -> None:
    head = "<attempt_completion>\n<result>\n** "
    for seen, watch in fed(client.plan(), [Delta(content=head + "All of it works now")]):
        out = watch.content + watch.arguments
        if seen.startswith(head + "A"):
            assert out.rstrip().endswith(seen[len(head) :].rstrip())
        else:
            assert out == ""


def test_the_preview_starts_with_the_first_letter() -> None:
    for seen, watch in fed(ROO_41.plan(), [Delta(content="... — !! \n\nso")]):
        assert (watch.preview == "") == (not seen.endswith(("s", "so")))


def test_a_call_is_over_with_its_last_character() -> None:
    """Design section 5: an XML reply ends at once after its first complete call."""
    text = "I look.\n\n<list_files>\n<path>.</path>\n</list_files>"
    for wrap in Wrap:
        for seen, watch in fed(ROO_41.plan(wrap), [Delta(content=text)]):
            assert watch.reply.done == (seen == text)

"""Writes the embedded demo, `fixtures/tapes/demo/`: `python -m tests.fixture_writer`.

The texts are here, the tapes are made of them, and a test holds the two together. Wire formats as recorded
from chat.qwen.ai in 2025 and from DashScope's compatible mode: token-sized deltas, 15 to 40 ms apart.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.tape.format import SUFFIX, Frame, Match, Tape, Wire, write_tape

FOLDER = Path(__file__).parent.parent / "fixtures" / "tapes" / "demo"
MODEL = "qwen3-coder-demo"
PROMPT_TOKENS = 9000  # about what Roo's first request costs
FIRST_TOKEN = 0.35  # seconds

NOTE_FILE = """\
# roobridge demo

This file was written by the demo model, without a network or an account.

| step | tool | what it shows |
|---|---|---|
| 1 | list_files | a call after some text |
| 2 | write_to_file | file content, streamed as it is written |
| 3 | a look at the file | the bridge and the editor agree on what was written |
| 4 | execute_command | a command, once you approve it |
| 5 | - | an answer in plain text, wrapped for the agent |

```python
def greet(name: str) -> str:
    return f"Hello, {name} & <friends>"
```
"""

LIST_TEXT = "I'll start with a look at what is in this workspace.\n\n"
WRITE_TEXT = "Now I'll write a short note about this session.\n\n"
CHECK_TEXT = "Let me check that the file says what I meant.\n\n"
RUN_TEXT = "The file is as intended. One command to finish with.\n\n"
COMMAND = "echo roobridge demo: the command ran"

DONE = """\
The demo session is complete:

1. **Listed** the files of the workspace.
2. **Wrote** `roobridge-demo.md` and checked its content.
3. **Ran** a harmless `echo`.

This last answer came from the model as plain text. An agent takes such a reply for a mistake; the bridge \
wrapped it as the result of the task. Delete `roobridge-demo.md` whenever you like, and point `--upstream` \
at a real Qwen model to go on."""

OVER = """\
The recorded session ends here: this demo model only plays tapes and does not read what you write. Start a \
new task to see it again → or serve with a real upstream."""

GREETING = """\
Hello! This is the demo model of roobridge 👋. It plays recorded replies: to an agent such as Roo Code a \
small session with tool calls, to everyone else this text. See the README for how to connect a real \
Qwen model."""

THOUGHT = "The workspace is unknown to me, so the first step is to list its files."


def xml_call(name: str, **params: str) -> str:
    """A call in Roo's XML, as its prompt asks for."""
    lines = [
        f"<{key}>\n{value}</{key}>" if "\n" in value else f"<{key}>{value}</{key}>"
        for key, value in params.items()
    ]
    return "\n".join([f"<{name}>", *lines, f"</{name}>"])


def coder_call(name: str, **params: str) -> str:
    """A call in Qwen3-Coder's own XML."""
    body = "".join(
        f"<parameter={key}>\n{value.removesuffix(chr(10))}\n</parameter>\n" for key, value in params.items()
    )
    return f"<tool_call>\n<function={name}>\n{body}</function>\n</tool_call>"


def tokens(text: str) -> list[str]:
    """Pieces of about the size that a Qwen tokenizer makes; joined they are the text."""
    return re.findall(r" ?\w{1,7}|[^\w\s]{1,3}|\s+?(?= ?\w|[^\w\s]|$)|\s", text)


class Pace:
    """Times of arrival: reproducible, 15 to 40 ms apart."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._at = FIRST_TOKEN

    def frame(self, data: bytes) -> Frame:
        frame = Frame(round(self._at, 4), data)
        self._at += self._random.uniform(0.015, 0.040)
        return frame


def qwen_web(text: str, pace: Pace) -> Iterator[Frame]:
    """A reply of chat.qwen.ai: created, typing frames with cumulative usage, finished, no [DONE]."""
    ids = {
        name: f"00000000-0000-4000-8000-00000000000{n}"
        for n, name in enumerate(("chat", "parent", "response"))
    }
    yield pace.frame(_data({"response.created": {f"{name}_id": id for name, id in ids.items()}}))
    for count, token in enumerate(tokens(text), start=1):
        delta = {"role": "assistant", "content": token, "phase": "answer", "status": "typing"}
        usage = {
            "input_tokens": PROMPT_TOKENS,
            "output_tokens": count,
            "characters": 0,
            "total_tokens": PROMPT_TOKENS + count,
            "input_tokens_details": {"text_tokens": PROMPT_TOKENS},
            "output_tokens_details": {"text_tokens": count},
            "cached_tokens": 0,
        }
        yield from _arrivals(_data({"choices": [{"delta": delta}], "usage": usage}), pace)
    delta = {"content": "", "role": "assistant", "status": "finished", "phase": "answer"}
    yield pace.frame(_data({"choices": [{"delta": delta}]}))


def openai(
    text: str, pace: Pace, call: tuple[str, dict[str, Any]] | None = None, thought: str = ""
) -> Iterator[Frame]:
    """A reply in OpenAI's chunks: reasoning, text, at most one tool call, finish, usage, [DONE]."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": None, "reasoning_content": token} for token in tokens(thought)]
    deltas += [{"content": token} for token in tokens(text)]
    if call is not None:
        name, arguments = call
        deltas.append(_tool_delta("", id="call_demo", name=name))
        # DashScope restates the id and the name as empty in later deltas.
        deltas += [
            _tool_delta(part, id="", name="") for part in tokens(msgspec.json.encode(arguments).decode())
        ]
    for delta in deltas:
        yield from _arrivals(_data(_chunk([{"index": 0, "delta": delta, "finish_reason": None}])), pace)
    reason = "tool_calls" if call else "stop"
    yield pace.frame(_data(_chunk([{"index": 0, "delta": {"content": ""}, "finish_reason": reason}])))
    said = len(deltas) - 1
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": said, "total_tokens": PROMPT_TOKENS + said}
    yield pace.frame(_data(_chunk([], usage)) + b"data: [DONE]\n\n")


def _tool_delta(arguments: str, *, id: str, name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"content": None, "tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]}


def _chunk(choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
    }


def _data(frame: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"


def _arrivals(data: bytes, pace: Pace) -> Iterator[Frame]:
    """Networks cut where they like: here inside every character of more than one byte."""
    cut = next((i + 1 for i, byte in enumerate(data) if byte >= 0xC0), 0)
    if cut:
        yield pace.frame(data[:cut])
    yield pace.frame(data[cut:])


def _xml_turns() -> Iterator[tuple[str, Match, str]]:
    kind = ClientKind.XML_AGENT
    yield "xml-0-list", Match(kind, turn=0), LIST_TEXT + xml_call("list_files", path=".", recursive="false")
    note = xml_call("write_to_file", path="roobridge-demo.md", content=NOTE_FILE)
    yield "xml-1-write", Match(kind, turn=1), WRITE_TEXT + note
    yield "xml-2-read", Match(kind, turn=2), CHECK_TEXT + xml_call("read_file", path="roobridge-demo.md")
    yield "xml-3-run", Match(kind, turn=3), RUN_TEXT + xml_call("execute_command", command=COMMAND)
    # Cline refuses a command that does not say whether it needs approval.
    run = xml_call("execute_command", command=COMMAND, requires_approval="true")
    yield "xml-3-run-cline", Match(kind, client="cline", turn=3), RUN_TEXT + run
    yield "xml-4-done", Match(kind, turn=4), DONE
    yield "xml-over", Match(kind), OVER


def _native_turns() -> Iterator[tuple[str, Match, Iterable[Frame]]]:
    def turn(stem: str, number: int | None, text: str, **more: Any) -> tuple[str, Match, Iterable[Frame]]:
        return stem, Match(ClientKind.NATIVE_AGENT, turn=number), openai(text, Pace(stem), **more)

    yield turn(
        "native-0-list",
        0,
        LIST_TEXT.strip(),
        call=("list_files", {"path": ".", "recursive": False}),
        thought=THOUGHT,
    )
    note = coder_call("write_to_file", path="roobridge-demo.md", content=NOTE_FILE)
    yield turn("native-1-write", 1, WRITE_TEXT + note)
    # Not read_file: its native parameters changed with Roo 3.46, those of search_files never did.
    search = {"path": ".", "regex": "roobridge", "file_pattern": "roobridge-demo.md"}
    yield turn("native-2-search", 2, CHECK_TEXT.strip(), call=("search_files", search))
    yield turn("native-3-run", 3, RUN_TEXT.strip(), call=("execute_command", {"command": COMMAND}))
    yield turn("native-4-done", 4, DONE)
    yield turn("native-over", None, OVER)


def demo() -> dict[str, bytes]:
    """The demo's files: name to content."""
    tapes = {
        stem: Tape(Wire.QWEN_WEB, MODEL, tuple(qwen_web(text, Pace(stem))), match)
        for stem, match, text in _xml_turns()
    }
    tapes["greeting"] = Tape(Wire.QWEN_WEB, MODEL, tuple(qwen_web(GREETING, Pace("greeting"))))
    for stem, match, frames in _native_turns():
        tapes[stem] = Tape(Wire.OPENAI, MODEL, tuple(frames), match)
    return {stem + SUFFIX: write_tape(tape) for stem, tape in tapes.items()}


def main() -> None:
    """Write the demo's tapes, and nothing beside them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in demo().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()

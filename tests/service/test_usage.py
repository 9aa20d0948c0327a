from __future__ import annotations

from roobridge.bridge.ports import Usage
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.events import Length
from roobridge.service.turns.usage import added, estimate


def test_four_characters_a_token_rounded_up() -> None:
    chat = parse_chat_request(
        {
            "model": "qwen",
            "messages": [
                {"role": "system", "content": "1234"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "12345"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10_000}},
                    ],
                },
            ],
        }
    )
    lengths = [Length(said=5, thought=9), Length(said=6)]
    assert estimate(chat, lengths) == Usage(prompt=3, completion=3 + 3, reasoning=3)


def test_tools_and_calls_are_part_of_the_prompt() -> None:
    bare = {"model": "qwen", "messages": [{"role": "user", "content": "1234"}]}
    tool = {"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}
    with_tools = parse_chat_request({**bare, "tools": [tool]})
    assert estimate(with_tools, ()).prompt > estimate(parse_chat_request(bare), ()).prompt == 1


def test_usage_of_several_attempts_adds_up() -> None:
    one, other = Usage(10, 5, 3, 1), Usage(20, 7, 4, 2)
    assert added(one, other) == Usage(30, 12, 7, 3)
    assert added(one, None) == added(None, one) == one
    assert added(None, None) is None

"""Which requests are the same, and which goes on where another stopped."""

from __future__ import annotations

from typing import Any

import pytest

from roobridge.bridge.request.identity import (
    digest_messages,
    is_extension,
    request_fingerprint,
    without_environment,
)


def environment(time: str) -> str:
    return f"<environment_details>\n# Current Time\n{time}\n</environment_details>"


def turn(*texts: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text} for text in texts]}


SYSTEM = {"role": "system", "content": "Be brief."}
FIRST = [SYSTEM, turn("Tidy up", environment("9:00"))]


def test_the_next_turn_extends() -> None:
    later = [*FIRST, {"role": "assistant", "content": "Done"}, turn("More", environment("9:01"))]
    assert is_extension(digest_messages(FIRST), digest_messages(later))
    assert not is_extension(digest_messages(later), digest_messages(FIRST))


def test_a_turn_resumed_after_a_cancel_extends() -> None:
    resumed = [SYSTEM, turn("Tidy up", "The task was interrupted.", environment("9:05"))]
    assert is_extension(digest_messages(FIRST), digest_messages(resumed))


def test_the_same_request_does_not_extend() -> None:
    again = [SYSTEM, turn("Tidy up", environment("9:07"))]
    assert digest_messages(FIRST) == digest_messages(again)
    assert not is_extension(digest_messages(FIRST), digest_messages(again))


@pytest.mark.parametrize(
    "other",
    [
        [{"role": "system", "content": "Be long."}, *FIRST[1:]],
        [SYSTEM, turn("Tidy up", role="assistant")],
        [SYSTEM, turn("Tidy", "up")],
        [SYSTEM, {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,Tidy up"}}]}],
    ],
)
def test_another_conversation_does_not_extend(other: list[dict[str, Any]]) -> None:
    later = [*other, turn("More")]
    assert not is_extension(digest_messages(FIRST), digest_messages(later))


def test_calls_and_their_ids_tell_conversations_apart() -> None:
    def calling(arguments: str) -> dict[str, Any]:
        function = {"name": "look", "arguments": arguments}
        return {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": function}]}

    one, other = digest_messages([calling("{}")]), digest_messages([calling('{"a":1}')])
    assert len(one) == len(other) == 1
    assert one != other
    results = [{"role": "tool", "tool_call_id": name, "content": "ok"} for name in ("c1", "c2")]
    assert digest_messages(results[:1]) != digest_messages(results[1:])


def test_a_fingerprint_is_of_key_model_and_messages() -> None:
    digests = digest_messages(FIRST)
    whole = request_fingerprint("k", "m", digests)
    assert whole == request_fingerprint(
        "k", "m", digest_messages([SYSTEM, turn("Tidy up", environment("10"))])
    )
    others = [
        request_fingerprint("k2", "m", digests),
        request_fingerprint("k", "m2", digests),
        request_fingerprint("km", "", digests),
        request_fingerprint("k", "m", digests[:1]),
    ]
    assert len({whole, *others}) == 5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ""),
        ("plain", "plain"),
        (f"a{environment('1')}b{environment('2')}c", "abc"),
        ("what is <environment_details>?", "what is <environment_details>?"),
        (f"{environment('1')}<environment_details>", "<environment_details>"),
        ("</environment_details>a", "</environment_details>a"),
    ],
)
def test_environment_is_left_out(text: str, left: str) -> None:
    assert without_environment(text) == left


def test_text_that_is_no_utf8_has_a_digest_too() -> None:
    assert digest_messages([turn("\ud800")]) != digest_messages([turn("\ud801")])

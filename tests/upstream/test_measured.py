from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import UpstreamRequest
from roobridge.errors import UpstreamError
from roobridge.upstream.around import measured
from roobridge.upstream.around.measured import Measured
from tests.oracle.tokens import TOKENS
from tests.upstream.counting import Counting, Message, Told, is_refused, prompt_tokens, user

CONTEXT = 4000


def words(text: str) -> int:
    return text.count(" ")


def letters(text: str) -> int:
    """Where every character is a token, as in base64 almost."""
    return len(text)


class Vocabulary:
    """Texts whose tokens are known, being made of them."""

    def __init__(self) -> None:
        self._counts = {"": 0}

    def text(self, tokens: Sequence[str]) -> str:
        text = "".join(tokens)
        self._counts[text] = min(len(tokens), self._counts.get(text, len(tokens)))
        return text

    def __call__(self, text: str) -> int:
        return self._counts[text]


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Vocabulary, list[list[Message]]]:
    """Requests of one client or several: gone on with, taken back, edited, with thoughts or none."""
    vocabulary = Vocabulary()

    def text() -> str:
        tokens = draw(st.lists(TOKENS, max_size=8)) * draw(st.sampled_from([1, 30, 400]))
        return vocabulary.text(tokens)

    sent: list[list[Message]] = []
    for _ in range(draw(st.integers(1, 6))):
        before = draw(st.sampled_from([[], *sent]))
        messages = before[: draw(st.integers(0, len(before)))]
        for role in draw(st.lists(st.sampled_from(["user", "assistant", "tool"]), min_size=1, max_size=3)):
            thoughts = {"reasoning_content": text()} if role == "assistant" and draw(st.booleans()) else {}
            messages.append({"role": role, "content": text(), **thoughts})
        sent.append(messages)
    return vocabulary, sent


@given(conversations())
def test_nothing_that_fits_is_refused(drawn: tuple[Vocabulary, list[list[Message]]]) -> None:
    vocabulary, sent = drawn
    context = max(prompt_tokens({"messages": messages}, vocabulary) for messages in sent)
    upstream = Measured(Counting(context, vocabulary), Told(context))

    async def run() -> list[bool]:
        return [await is_refused(upstream, messages) for messages in sent]

    assert not any(asyncio.run(run()))


@given(st.lists(TOKENS, min_size=1, max_size=8), st.integers(1, 400), st.integers(300, 3000))
def test_twice_the_context_is_refused_once_a_prompt_was_counted(
    tokens: list[str], times: int, context: int
) -> None:
    vocabulary = Vocabulary()
    begun = [user(vocabulary.text((tokens * times)[: context - 20]))]
    counted = prompt_tokens({"messages": begun}, vocabulary)
    further = [*begun, user(vocabulary.text([" word"] * max(600, 2 * context - counted)))]
    inner = Counting(context, vocabulary)
    upstream = Measured(inner, Told(context))

    async def run() -> list[bool]:
        return [await is_refused(upstream, messages) for messages in (begun, further)]

    assert asyncio.run(run()) == [False, True]
    assert len(inner.requests) == 1


async def test_words_are_counted_before_anything_was_learned() -> None:
    inner = Counting(CONTEXT, words)
    upstream = Measured(inner, Told(CONTEXT))
    assert not await is_refused(upstream, [user(" word" * 3900)])
    assert await is_refused(upstream, [user(" word" * 4001)])
    assert len(inner.requests) == 1


async def test_the_refusal_names_both_numbers() -> None:
    upstream = Measured(Counting(CONTEXT, words), Told(CONTEXT))
    with pytest.raises(UpstreamError, match="at least 4500 tokens") as caught:
        await anext(upstream.stream(UpstreamRequest({"model": "m", "messages": [user(" word" * 4500)]})))
    assert "maximum context length is 4000 tokens" in caught.value.message
    assert "measure_context" in caught.value.message


DENSE = [user("a" * 3900)]
MORE = [*DENSE, user(" word" * 400)]


async def test_a_prompt_is_known_by_its_count_where_no_word_tells_of_it() -> None:
    inner = Counting(CONTEXT, letters)
    upstream = Measured(inner, Told(CONTEXT))
    assert not await is_refused(upstream, MORE)  # but by the server itself
    assert not await is_refused(upstream, DENSE)
    assert await is_refused(upstream, MORE)
    assert await is_refused(upstream, [*DENSE, {"role": "assistant", "content": "Hi"}, *MORE[1:]])
    assert not await is_refused(upstream, MORE, "another model")
    assert not await is_refused(upstream, [user("A" * 3900), *MORE[1:]])
    assert not await is_refused(upstream, [*DENSE, user("go on")])
    assert len(inner.requests) == 5


async def test_thoughts_that_were_counted_may_be_gone() -> None:
    thinking = {"role": "assistant", "content": "", "reasoning_content": "a" * 3800}
    inner = Counting(CONTEXT, letters)
    upstream = Measured(inner, Told(CONTEXT))
    assert not await is_refused(upstream, [user("Hi"), thinking])
    assert not await is_refused(upstream, [user("Hi"), thinking, user(" word" * 700)])
    assert inner.requests[1:]


async def test_the_words_after_the_last_message_make_way() -> None:
    context = prompt_tokens({"messages": DENSE}, letters)
    upstream = Measured(Counting(context, letters), Told(context))
    for messages in (DENSE, DENSE, [*DENSE, {"role": "assistant", "content": "Hi"}]):
        assert prompt_tokens({"messages": messages}, letters) <= context
        assert not await is_refused(upstream, messages)


@pytest.mark.parametrize("count", [0, -5, 10**6])
async def test_a_count_that_is_none_teaches_nothing(count: int) -> None:
    upstream = Measured(Counting(CONTEXT, words, lambda _: count), Told(CONTEXT))
    assert not await is_refused(upstream, [user(" word" * 3900)])
    assert await is_refused(upstream, [user(" word" * 4001)])


async def test_a_model_with_fewer_tokens_than_there_may_be_is_believed() -> None:
    """Its tokenizer, or what its server leaves out, is none of those that the bound was made for."""
    inner = Counting(CONTEXT, lambda text: words(text) // 2)
    upstream = Measured(inner, Told(CONTEXT))
    assert await is_refused(upstream, [user(" word" * 4100)])
    assert not await is_refused(upstream, [user(" word" * 3900)])
    assert not await is_refused(upstream, [user(" word" * 7500)])
    assert await is_refused(upstream, [user(" word" * 8100)])


async def test_a_prompt_that_was_cut_says_nothing_of_the_model() -> None:
    """Ollama cuts what is too long, and counts what is left; here nobody could say how much that is."""
    told = Told(CONTEXT, 0)
    upstream = Measured(Counting(10**6, words, lambda count: min(count, CONTEXT)), told)
    assert not await is_refused(upstream, [user(" word" * 4050)])
    told.now = CONTEXT
    assert await is_refused(upstream, [user(" word" * 4040)])


async def test_what_the_model_took_is_not_too_long() -> None:
    upstream = Measured(Counting(2 * CONTEXT, letters), Told(CONTEXT))
    assert not await is_refused(upstream, [user("a" * 7000)])
    assert not await is_refused(upstream, [user(" word" * 6900)])
    assert await is_refused(upstream, [user(" word" * 7100)])


@pytest.mark.parametrize(("now", "refused"), [(CONTEXT, True), (2 * CONTEXT, False), (0, False)])
async def test_the_context_is_asked_for_anew_before_a_request_is_refused(now: int, refused: bool) -> None:
    inner = Counting(10**6, words)
    upstream = Measured(inner, Told(CONTEXT, now))
    assert await is_refused(upstream, [user(" word" * 4500)]) == refused
    assert len(inner.requests) == (not refused)


@pytest.mark.parametrize("now", [CONTEXT, 10 * CONTEXT, 0])
async def test_before_anything_was_heard_the_context_is_awaited(now: int) -> None:
    inner = Counting(10**6, words)
    assert await is_refused(Measured(inner, Told(None, now)), [user(" word" * 4500)]) == (now == CONTEXT)
    assert len(inner.requests) == (now != CONTEXT)


@pytest.mark.parametrize("told", [None, 0, 2000, 10 * CONTEXT])
async def test_the_operator_s_context_stands_over_the_server_s(told: int | None) -> None:
    upstream = Measured(Counting(10**6, words), Told(told, 0))
    assert not await is_refused(upstream, [user(" word" * 3900)], context=CONTEXT)
    assert await is_refused(upstream, [user(" word" * 4100)], context=CONTEXT)


async def test_an_unknown_context_refuses_nothing() -> None:
    assert not await is_refused(Measured(Counting(10**6, words), Told(0)), [user(" word" * 10**5)])


async def test_of_a_small_request_nothing_is_asked() -> None:
    contexts = Told(1)
    assert not await is_refused(Measured(Counting(10**6, words), contexts), [user(" word" * 300)])
    assert not contexts.asked


async def test_an_image_is_as_long_as_the_server_says() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "aGVs/bG8+" * 10**5}}
    inner = Counting(CONTEXT, lambda content: 900 if isinstance(content, list) else words(content))
    upstream = Measured(inner, Told(CONTEXT))
    begun: Message = {"role": "user", "content": [image]}
    assert not await is_refused(upstream, [begun])
    assert not await is_refused(upstream, [begun, user(" word" * 3000)])
    assert await is_refused(upstream, [begun, user(" word" * 3300)])


@pytest.mark.parametrize(("room", "refused"), [("PROMPTS", False), ("MODELS", False), ("", True)])
async def test_little_is_remembered(room: str, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if room:
        monkeypatch.setattr(measured, room, 1)
    upstream = Measured(Counting(CONTEXT, letters), Told(CONTEXT))
    assert not await is_refused(upstream, DENSE)
    assert not await is_refused(upstream, [user("b" * 3900)], "m" if room == "PROMPTS" else "another")
    assert await is_refused(upstream, MORE) == refused


async def test_what_is_around_it_is_closed_with_it() -> None:
    contexts = Told(CONTEXT)
    await Measured(Counting(CONTEXT, words), contexts).aclose()
    assert contexts.closed

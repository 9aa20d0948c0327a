from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from roobridge.bridge.ports import Delta, Usage
from roobridge.errors import ClientError, UpstreamError
from roobridge.events import ToolDelta
from roobridge.web.body import decode_body
from roobridge.web.keys import bearer_key
from tests.service.scripted import CALL, Scripted, end, say, silence
from tests.web.conftest import Serve
from tests.web.requests import ROO, chat, content, data, roo

URL = "/v1/chat/completions"


def lost() -> UpstreamError:
    return UpstreamError("The connection was lost.", code="connection_lost")


async def test_a_streamed_reply(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted([*say("Hel", "lo ✓"), *end(usage=Usage(5, 2))]))
    body = chat(stream=True, stream_options={"include_usage": True})
    response = await http.post(address + URL, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["cache-control"].startswith("no-cache")
    assert response.headers["x-accel-buffering"] == "no"
    events = data(response.text)
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert content(events) == "Hello ✓"
    assert events[-3]["choices"][0]["finish_reason"] == "stop"
    assert events[-2]["usage"]["total_tokens"] == 7
    assert events[-2]["choices"] == []
    assert events[-1] == "[DONE]"
    assert all("choices" in event for event in events[:-1])


async def test_usage_is_told_only_where_it_is_asked_for(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted([*say("Hi"), *end()]))
    response = await http.post(address + URL, json=chat(stream=True))
    assert not any("usage" in event for event in data(response.text)[:-1])


async def test_agents_are_always_told_the_usage(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted([*say("All is done."), *end()]))
    body = roo("Do it", stream_options=None)
    response = await http.post(address + URL, json=body, headers=ROO)
    events = data(response.text)
    assert events[-2]["usage"]["prompt_tokens"] > 0
    assert "<attempt_completion>" in content(events)


async def test_a_whole_reply(serve: Serve, http: httpx.AsyncClient) -> None:
    script = [[Delta(reasoning="Hm.")], *say("Hel", "lo"), *end()]
    address = await serve(Scripted(script))
    answer = (await http.post(address + "/chat/completions", json=chat("Hello you"))).json()
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "qwen"
    (choice,) = answer["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Hello", "reasoning_content": "Hm."}
    assert choice["finish_reason"] == "stop"
    assert answer["usage"]["prompt_tokens"] == 3


async def test_a_whole_reply_with_calls(serve: Serve, http: httpx.AsyncClient) -> None:
    calls = [
        Delta(tool_calls=(ToolDelta(0, "call_1", "look"),)),
        Delta(tool_calls=(ToolDelta(0, arguments='{"a":'), ToolDelta(0, arguments="1}"))),
    ]
    tool = {
        "type": "function",
        "function": {
            "name": "look",
            "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
        },
    }
    address = await serve(Scripted([calls, *end("tool_calls")]))
    answer = (await http.post(address + URL, json=chat(tools=[tool]))).json()
    (choice,) = answer["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "look"
    assert json.loads(call["function"]["arguments"]) == {"a": 1}
    assert call["id"]
    assert choice["message"]["content"] is None
    assert choice["finish_reason"] == "tool_calls"


async def test_a_streamed_call(serve: Serve, http: httpx.AsyncClient) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    calls = [
        [Delta(tool_calls=(ToolDelta(0, "c1", "look"),))],
        [Delta(tool_calls=(ToolDelta(0, arguments="{}"),))],
    ]
    address = await serve(Scripted([*calls, *end("tool_calls")]))
    response = await http.post(address + URL, json=chat(tools=[tool], stream=True))
    choices = [event["choices"][0] for event in data(response.text)[:-1]]
    said = [call for choice in choices for call in choice["delta"].get("tool_calls", ())]
    assert (said[0]["type"], said[0]["function"]["name"]) == ("function", "look")
    assert "".join(call["function"]["arguments"] for call in said) == "{}"
    assert choices[-1]["finish_reason"] == "tool_calls"


async def test_a_silent_upstream_is_bridged_with_comments(serve: Serve, http: httpx.AsyncClient) -> None:
    go = asyncio.Event()
    address = await serve(Scripted([go, *say("Hi"), *end()]), first_byte_commit=0.05, keepalive=0.05)
    heard = ""
    async with http.stream("POST", address + URL, json=chat(stream=True)) as response:
        async for text in response.aiter_text():
            heard += text
            if heard.count(": keep-alive\n\n") >= 2:
                go.set()
    assert content(data(heard)) == "Hi"
    assert data(heard)[-1] == "[DONE]"


async def test_the_stream_ends_after_a_call(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted([*say(CALL), silence()])
    address = await serve(upstream)
    response = await http.post(address + URL, json=roo("Do it"), headers=ROO)
    assert content(data(response.text)).strip() == CALL
    assert data(response.text)[-1] == "[DONE]"
    await upstream.closed[0].wait()


async def test_what_the_upstream_is_asked(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted([*say("Hi"), *end()])
    address = await serve(upstream, model_map={"coder": "qwen"})
    body = chat(stream=True, temperature=0.2, enable_thinking=False) | {"model": "coder"}
    response = await http.post(address + URL, json=body, headers={"authorization": "Bearer sk-mine"})
    (asked,) = upstream.requests
    assert asked.body["model"] == "qwen"
    assert asked.body["temperature"] == 0.2
    assert asked.body["enable_thinking"] is False
    assert "stream" not in asked.body
    assert asked.key == "sk-mine"
    assert data(response.text)[0]["model"] == "coder"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_keeps_its_status(serve: Serve, http: httpx.AsyncClient, stream: bool) -> None:
    refusal = UpstreamError(
        "Too many requests.", kind="rate_limit_error", code="throttled", status_hint=429, retry_after=6.2
    )
    address = await serve(Scripted([refusal]))
    response = await http.post(address + URL, json=chat(stream=stream))
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert response.json()["error"] == {
        "message": "Too many requests.",
        "type": "rate_limit_error",
        "param": None,
        "code": "throttled",
    }


async def test_an_error_within_the_stream(serve: Serve, http: httpx.AsyncClient) -> None:
    go = asyncio.Event()
    address = await serve(Scripted([*say("Hel"), go, lost()]))
    async with http.stream("POST", address + URL, json=chat(stream=True)) as response:
        lines = response.aiter_text()
        first = await anext(lines)
        go.set()
        rest = "".join([text async for text in lines])
    events = data(first + rest)
    assert content(events) == "Hel"
    assert events[-1]["error"]["code"] == "connection_lost"
    assert "[DONE]" not in events


async def test_a_client_that_hangs_up_closes_the_upstream(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted([*say("Hel"), silence()])
    address = await serve(upstream)
    async with http.stream("POST", address + URL, json=chat(stream=True)) as response:
        await anext(response.aiter_text())
    await asyncio.wait_for(upstream.closed[0].wait(), 5)
    assert not upstream.exhausted[0]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_hangs_up_before_the_200_closes_the_upstream(serve: Serve, stream: bool) -> None:
    upstream = Scripted([silence()])
    address = await serve(upstream)
    async with httpx.AsyncClient(trust_env=False) as impatient:
        asking = asyncio.create_task(impatient.post(address + URL, json=chat(stream=stream)))
        await upstream.requested(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await asyncio.wait_for(upstream.closed[0].wait(), 5)


async def test_a_conversation_that_goes_on_ends_its_older_turn(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted([*say("Let me see. " + CALL[:20]), silence()], [*say(CALL), *end()])
    address = await serve(upstream)
    async with http.stream("POST", address + URL, json=roo("Do it"), headers=ROO) as old:
        texts = old.aiter_text()
        await anext(texts)
        new = await http.post(address + URL, json=roo("Do it", "Let me", "No, stop"), headers=ROO)
        rest = "".join([text async for text in texts])
    assert data(new.text)[-1] == "[DONE]"
    assert data(rest)[-1]["error"]["code"] == "superseded"
    assert upstream.closed[0].is_set()


async def test_identical_requests_do_not_touch_each_other(serve: Serve, http: httpx.AsyncClient) -> None:
    go = asyncio.Event()
    script = [*say(CALL[:20]), go, *say(CALL[20:]), *end()]
    upstream = Scripted(script)
    address = await serve(upstream)
    asking = [asyncio.create_task(http.post(address + URL, json=roo("Do it"), headers=ROO)) for _ in range(2)]
    await upstream.requested(2)
    go.set()
    for response in await asyncio.gather(*asking):
        assert content(data(response.text)).strip() == CALL


async def test_a_retry_storm_is_damped(serve: Serve, http: httpx.AsyncClient) -> None:
    go = asyncio.Event()
    broken = [*say(CALL[:20]), go, lost()]
    upstream = Scripted(broken, broken, [*say(CALL), *end()], [*say(CALL[:20]), silence()])
    address = await serve(upstream, max_continuations=0)

    async with http.stream("POST", address + URL, json=roo("Do it"), headers=ROO) as first:
        texts = first.aiter_text()
        await anext(texts)
        go.set()
        assert "connection_lost" in "".join([text async for text in texts])

    again = await http.post(address + URL, json=roo("Do it"), headers=ROO)
    assert again.status_code == 503
    assert again.headers["x-should-retry"] == "false"
    assert CALL[:20] not in again.text

    whole = await http.post(address + URL, json=roo("Do it"), headers=ROO)
    assert content(data(whole.text)).strip() == CALL

    async with http.stream("POST", address + URL, json=roo("Do it"), headers=ROO) as calm:
        assert "read_file" in await anext(calm.aiter_text())  # no longer held back
    assert len(upstream.requests) == 4


async def test_the_openai_sdk(serve: Serve) -> None:
    openai = pytest.importorskip("openai")
    address = await serve(Scripted([*say("Hel", "lo"), *end(usage=Usage(3, 1))]))
    async with openai.AsyncOpenAI(base_url=address + "/v1", api_key="sk-test", max_retries=0) as client:
        messages = [{"role": "user", "content": "Hi"}]
        answer = await client.chat.completions.create(model="qwen", messages=messages)
        assert answer.choices[0].message.content == "Hello"
        assert answer.usage.total_tokens == 4
        stream = await client.chat.completions.create(
            model="qwen", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello"
        assert chunks[-1].usage.total_tokens == 4
        with pytest.raises(openai.BadRequestError, match="model"):
            await client.chat.completions.create(model="", messages=messages)
        assert [model.id async for model in client.models.list()] == ["qwen"]


async def test_the_openai_sdk_raises_what_breaks_the_stream(serve: Serve) -> None:
    openai = pytest.importorskip("openai")
    go = asyncio.Event()
    address = await serve(Scripted([*say("Hel"), go, lost()]))
    async with openai.AsyncOpenAI(base_url=address + "/v1", api_key="sk-test", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="qwen", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        await anext(aiter(stream))
        go.set()
        with pytest.raises(openai.APIError, match="was lost"):
            async for _ in stream:
                pass


@pytest.mark.parametrize(
    ("header", "key"),
    [("Bearer sk-1", "sk-1"), ("bearer  sk-1 ", "sk-1"), ("Basic abc", ""), ("", ""), ("Bearer", "")],
)
def test_bearer_key(header: str, key: str) -> None:
    assert bearer_key(header) == key


@pytest.mark.parametrize(
    ("body", "word"), [(b" ", "no body"), (b"[" * 100_000, "nested too deeply"), (b"{", "not JSON")]
)
def test_a_body_that_cannot_be_read_is_told_why(body: bytes, word: str) -> None:
    with pytest.raises(ClientError, match=word):
        decode_body(body)


def test_half_a_surrogate_pair_is_taken() -> None:
    assert decode_body(b'{"a": "\\ud83d"}') == {"a": "\ufffd"}
    assert decode_body(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}

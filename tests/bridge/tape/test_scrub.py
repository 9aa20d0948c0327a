"""Secrets are taken out by name and by form; what only looks like one stays."""

from __future__ import annotations

import pytest

from roobridge.bridge.tape.scrub import REDACTED, scrub, scrub_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEyMzQ1Njc4In0.c2lnbmF0dXJlc2lnbmF0dXJl"
SECRETS = ["hunter2hunter2", JWT, "sk-sp-0123456789abcdef", "5ecretvalue5ecret"]


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "set-cookie",
        "cookies",
        "api_key",
        "x-api-key",
        "apikey",
        "bx-ua",
        "bx-umidtoken",
        "bx-v",
        "token",
        "refresh_token",
        "access-token",
        "client_secret",
        "password",
    ],
)
def test_what_stands_under_a_secrets_name_goes(name: str) -> None:
    assert scrub({name: "hunter2hunter2", "other": 1}) == {name: REDACTED, "other": 1}
    assert scrub({"deep": [{name: ["hunter2hunter2"]}]}) == {"deep": [{name: REDACTED}]}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "curl -H 'authorization: bearer {}' x",
        "Cookie: a=b; token={}; c=d",
        "Set-Cookie: token={}; HttpOnly",
        "bx-ua: {}",
        "refresh_token={}",
    ],
)
def test_secrets_in_a_text_are_known_by_what_leads_to_them(text: str, secret: str) -> None:
    scrubbed = scrub_text(text.format(secret))
    assert secret not in scrubbed
    assert REDACTED in scrubbed


@pytest.mark.parametrize("secret", [JWT, "sk-sp-0123456789abcdef", "sk-0123456789abcdef0123"])
def test_keys_and_tokens_are_known_by_their_form(secret: str) -> None:
    assert scrub_text(f"I see {secret} there") == f"I see {REDACTED} there"


def test_a_session_bearing_url_goes_whole() -> None:
    url = "https://chat.qwen.ai:443//api/_____tmd_____/punish?x5secdata=abc123&x5step=2"
    assert scrub_text(f'{{"url":"{url}"}}') == f'{{"url":"{REDACTED}"}}'
    assert scrub_text("x5sec=7b22733b32") == REDACTED


def test_the_key_of_the_request_goes_wherever_it_stands() -> None:
    assert scrub_text("key: my-very-own-key!", "my-very-own-key") == f"key: {REDACTED}!"
    assert scrub({"a": ["x my-very-own-key"]}, "my-very-own-key") == {"a": [f"x {REDACTED}"]}
    assert scrub_text("nothing is none", "none") == "nothing is none"


@pytest.mark.parametrize(
    "value",
    [
        {"max_tokens": 5, "temperature": 0.5, "stream": True, "stop": None},
        {"parameters": {"properties": {"token": {"type": "string"}, "cookie": {"type": "string"}}}},
        "the token = value rule; a Bearer of news; skin-deep; task-0123456789abcdefghij",
        'if x == "token": parse(token)',
        "https://example.com/path?step=2",
    ],
)
def test_what_is_no_secret_stays(value: object) -> None:
    assert scrub(value) == value


def test_scrubbing_twice_changes_nothing_more() -> None:
    once = scrub_text(f"Authorization: Bearer {JWT}\nCookie: token={JWT}; a=b\n")
    assert scrub_text(once) == once


def test_a_text_of_json_stays_json() -> None:
    text = '{"command":"curl -H \\"Cookie: a=\\\\\\"b\\\\\\"\\" x"}'
    assert scrub_text(text).endswith('\\"\\" x"}')

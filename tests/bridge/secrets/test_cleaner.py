"""Secrets are taken out by name and by form; what only looks like one stays."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.secrets.cleaner import HEAD, REDACTED, Cleaner
from roobridge.bridge.secrets.forms import credentials

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
    assert Cleaner().value({name: "hunter2hunter2", "other": 1}) == {name: REDACTED, "other": 1}
    assert Cleaner().value({"deep": [{name: ["hunter2hunter2"]}]}) == {"deep": [{name: REDACTED}]}


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
    scrubbed = Cleaner().text(text.format(secret))
    assert secret not in scrubbed
    assert REDACTED in scrubbed


@pytest.mark.parametrize("secret", [JWT, "sk-sp-0123456789abcdef", "sk-0123456789abcdef0123"])
def test_keys_and_tokens_are_known_by_their_form(secret: str) -> None:
    assert Cleaner().text(f"I see {secret} there") == f"I see {REDACTED} there"


def test_a_session_bearing_url_goes_whole() -> None:
    url = "https://chat.qwen.ai:443//api/_____tmd_____/punish?x5secdata=abc123&x5step=2"
    assert Cleaner().text(f'{{"url":"{url}"}}') == f'{{"url":"{REDACTED}"}}'
    assert Cleaner().text("x5sec=7b22733b32") == f"x5sec={REDACTED}"


def test_the_key_of_the_request_goes_wherever_it_stands() -> None:
    clean = Cleaner(["my-very-own-key"])
    assert clean.text("key: my-very-own-key!") == f"key: {REDACTED}!"
    assert clean.value({"a": ["x my-very-own-key"]}) == {"a": [f"x {REDACTED}"]}


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
    assert Cleaner().value(value) == value


def test_scrubbing_twice_changes_nothing_more() -> None:
    once = Cleaner().text(f"Authorization: Bearer {JWT}\nCookie: token={JWT}; a=b\n")
    assert Cleaner().text(once) == once


def test_a_text_of_json_stays_json() -> None:
    text = '{"command":"curl -H \\"Cookie: a=\\\\\\"b\\\\\\"\\" x"}'
    assert Cleaner().text(text).endswith('\\"\\" x"}')


@pytest.mark.parametrize(
    "word", ["", "x", "anything", "sk-1", "ollama", "lm-studio", "not-needed", "placeholder"]
)
def test_what_is_entered_where_no_key_is_wanted_is_no_secret(word: str) -> None:
    text = f"An {word} is anything: x, sk-1, or a placeholder."
    assert Cleaner([word]).text(text) == text


@pytest.mark.parametrize(
    "secret",
    [
        "sk-sp-abcdef123456",
        "sk-proj-abcdefghijklmnopqrst",
        "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEyMzQ1Njc4In0",
        "AKIAIOSFODNN7EXAMPLE",
        "LTAI5tExampleExample",
        "ghp_0123456789abcdefABCDEF0123456789abcd",
        "github_pat_0123456789abcdefABCDEF",
        "hf_abcdefghijklmnopqrst",
        "glpat-0123456789abcdefghij",
        "xoxb-0123456789-abcdefghij",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", 'say "{}".', "a={}&b=1", "<b>{}</b>", "({})", "\\n{}\\n", "%20{}%20"]
)
def test_common_forms(secret: str, around: str) -> None:
    assert secret not in Cleaner().text(around.format(secret))


def test_the_password_in_a_url_that_is_secret_goes_wherever_it_stands() -> None:
    clean = Cleaner(["redis://user:made%2Fup@word1@redis.lan:6379"])
    assert clean.text("AUTH user made/up@word1 at redis.lan") == "AUTH user [redacted] at redis.lan"
    assert clean.text("AUTH user made%2Fup@word1 at redis.lan") == "AUTH user [redacted] at redis.lan"


def test_the_password_in_a_url_goes_and_the_rest_stays() -> None:
    text = "via http://me:hunter2@proxy.lan:8080/x, http://me@host/a:b@c and mail a:b@c"
    assert Cleaner().text(text) == text.replace("hunter2", REDACTED)


def test_each_part_of_a_cookie_header_is_a_secret() -> None:
    clean = Cleaner(["lang=en; ssx=0123456789; cna=abcdefghijkl"])
    assert clean.text("en 0123456789 abcdefghijkl") == f"en {REDACTED} {REDACTED}"


def test_the_credentials_of_a_request_are_those_of_its_headers() -> None:
    headers = {
        "Authorization": "Bearer key-1",
        "cookie": "a=b",
        "bx-ua": "231",
        "accept": "*/*",
        "X-Api-Key": "k",
    }
    assert [*credentials(headers)] == ["key-1", "a=b", "231", "k"]


ESCAPES: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, each character": lambda text: "".join(f"\\u{ord(char):04X}" for char in text),
    "hexadecimal": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    "a URL": lambda text: quote(text, safe=""),
    "a URL, each character": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, each character": lambda text: "".join(f"&#{ord(char)};" for char in text),
}
CHARS = st.sampled_from("abcXYZ0189-_.~+/=\"'\\%&<>#: ")
KEYS = st.text(CHARS, min_size=10, max_size=40).map(lambda text: f"k{text}0z")


@given(key=KEYS, around=st.text(CHARS, max_size=20), escape=st.sampled_from(sorted(ESCAPES)))
def test_a_key_is_found_behind_escapes(key: str, around: str, escape: str) -> None:
    # The words around are separate: an escape that they begin would swallow the key's first characters.
    written = ESCAPES[escape](key)
    cleaned = Cleaner([key]).text(f"{around}| {written} |{around}")
    assert written not in cleaned
    assert cleaned.startswith(around[:1] or "|")


@given(
    key=st.text(st.sampled_from("abcdef0123456789-_"), min_size=12, max_size=60).map(lambda text: text + "0"),
    before=st.integers(-70, 5),
    limit=st.integers(0, 700),
)
def test_a_key_that_a_cut_goes_through_leaves_nothing(key: str, before: int, limit: int) -> None:
    text = "." * (HEAD + before) + key + " and more"
    clean = Cleaner([key])
    for told in (clean.head(text, len(text)), clean.head(text[HEAD + before - limit :], 500)):
        assert not any(key[:size] in told for size in range(6, len(key)))


@given(
    st.lists(CHARS | st.sampled_from(["sk-0123456789", "token=", "Bearer ", "http://", "x5sec="])).map(
        "".join
    )
)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = Cleaner().text(text)
    assert Cleaner().text(once) == once

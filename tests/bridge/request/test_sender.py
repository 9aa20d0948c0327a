"""Who sent a request, by its headers and by its prompt, and how the log names it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.request.sender import Sender, sender_by_prompt, sender_of
from tests.bridge.request.test_classify import NATIVE_TOOLS, ask, plan_of


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({}, Sender()),
        ({"user-agent": "RooCode/3.31.3"}, Sender("roo", (3, 31, 3))),
        ({"user-agent": "Cline/3.82.0"}, Sender("cline", (3, 82, 0))),
        ({"user-agent": "roocode/v3.31"}, Sender("roo", (3, 31))),
        ({"user-agent": "Mozilla/5.0 RooCode/3.31.3 (linux)"}, Sender("roo", (3, 31, 3))),
        ({"user-agent": "RooCode/3.31.3-nightly.4+build"}, Sender("roo", (3, 31, 3))),
        ({"user-agent": "RooCode"}, Sender("roo")),
        ({"user-agent": "RooCode/"}, Sender("roo")),
        ({"user-agent": "RooCode/abc"}, Sender("roo")),
        ({"user-agent": "RooCode/3"}, Sender("roo")),
        ({"user-agent": "RooCode/٣.٣"}, Sender("roo")),
        ({"user-agent": "RooCode/" + "9" * 10_000}, Sender("roo")),
        ({"user-agent": "RooCodeAlike/3.31.3"}, Sender()),
        ({"user-agent": "Not-RooCode/3.31.3"}, Sender()),
        ({"user-agent": "QwenCode/0.24.4 (linux; x64)"}, Sender("qwen-code", (0, 24, 4))),
        ({"user-agent": "ZooCode/3.82.0"}, Sender("zoo", (3, 82, 0))),
        ({"user-agent": "Kilo-Code/4.84.0"}, Sender("kilo", (4, 84, 0))),
        ({"user-agent": "Kilo-Code/7.7.9 ai-sdk/openai-compatible/3.0.37"}, Sender("kilo", (7, 7, 9))),
        ({"user-agent": "kilo/latest/7.7.9/cli ai-sdk/provider-utils/4.0.27"}, Sender("kilo", (7, 7, 9))),
        ({"user-agent": "kilo/latest/7.2.42/cli"}, Sender("kilo", (7, 2, 42))),
        ({"user-agent": "kilo/local/0.0/cli"}, Sender("kilo", (0, 0))),
        ({"user-agent": "kilo/latest/cli"}, Sender("kilo")),
        ({"user-agent": "opencode/1.18.31"}, Sender("opencode", (1, 18, 31))),
        ({"user-agent": "opencode-kilo-provider"}, Sender()),
        ({"user-agent": "ai-sdk/openai-compatible/3.0.37 runtime/bun/1.3.13"}, Sender()),
        ({"x-title": "Roo Code"}, Sender("roo")),
        ({"x-title": " Roo Code "}, Sender("roo")),
        ({"x-title": "Roo Code fan"}, Sender()),
        ({"x-title": "Zoo Code"}, Sender("zoo")),
        ({"x-title": "Kilo Code"}, Sender("kilo")),
        ({"x-title": "Cline"}, Sender("cline")),
        ({"http-referer": "https://github.com/Zoo-Code-Org/Zoo-Code"}, Sender("zoo")),
        ({"http-referer": "https://github.com/RooVetGit/Roo-Cline"}, Sender("roo")),
        ({"http-referer": "https://kilocode.ai/"}, Sender("kilo")),
        ({"http-referer": "https://cline.bot"}, Sender("cline")),
        ({"http-referer": "https://cline.bot.example"}, Sender()),
        ({"http-referer": "https://kilocode.ai", "x-title": "Zoo Code"}, Sender("zoo")),
        ({"x-title": "Roo Code", "user-agent": "Cline/3.82.0"}, Sender("cline", (3, 82, 0))),
        ({"x-title": "Roo Code", "user-agent": "curl/8.5.0"}, Sender("roo")),
    ],
)
def test_senders(headers: dict[str, str], sender: Sender) -> None:
    assert sender_of(headers) == sender


@pytest.mark.parametrize(
    ("prompt", "client"),
    [
        ("You are Roo, an expert.", "roo"),
        ("\n You are Zoo, a strategist.", "zoo"),
        ("You are Kilo, an engineer.", "kilo"),
        ("You are Kilo Code, an engineer.", "kilo"),
        ("You are Cline, an agent.", "cline"),
        ("You are Qwen Code, an agent.", "qwen-code"),
        ("You are Zoologist, an expert.", ""),
        ("You are zoo, an expert.", ""),
        ("Say: You are Zoo, an expert.", ""),
        ("", ""),
    ],
)
def test_senders_by_prompt(prompt: str, client: str) -> None:
    assert sender_by_prompt(prompt) == Sender(client)
    assert plan_of(ask(prompt, tools=NATIVE_TOOLS)).client == client
    headers = {"user-agent": "Cline/3.82.0"}
    assert plan_of(ask(prompt, tools=NATIVE_TOOLS), headers).client == "cline"


@given(st.text(max_size=40).map("RooCode/".__add__) | st.text(max_size=40))
def test_any_user_agent_is_borne(agent: str) -> None:
    sender = sender_of({"user-agent": agent})
    assert sender.version is None or 2 <= len(sender.version) <= 4
    assert plan_of(ask(), {"user-agent": agent}).kind is ClientKind.PLAIN


_WORDS = st.sampled_from(
    ["RooCode", "Kilo-Code", "kilo", "opencode", "/", "latest", "99999", ".", "v", " ", "\n", "sk-1"]
)


@given(st.lists(_WORDS | st.text(max_size=3), max_size=12).map("".join), st.text(max_size=20))
def test_the_log_s_word_for_a_sender_is_short_and_plain(agent: str, title: str) -> None:
    said = plan_of(ask("You are Zoo, a clerk."), {"user-agent": agent, "x-title": title}).sender
    assert re.fullmatch(r"[a-z-]{3,9}(/\d{1,5}(\.\d{1,5}){1,3})?", said)


def test_the_log_s_words() -> None:
    assert plan_of(ask(), {"user-agent": "ZooCode/3.82.0"}).sender == "zoo/3.82.0"
    assert plan_of(ask(), {"x-title": "Kilo Code"}).sender == "kilo"
    assert plan_of(ask()).sender == "-"

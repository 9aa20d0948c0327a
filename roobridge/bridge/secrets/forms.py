"""What is a secret: by the name it stands under, or by its own form.

Each form is looked for where its needle stands. What follows a needle is either bounded or read once: a run
that a form has read to no avail is not begun again inside, and a form that fits is gone on from behind it.
So a text is read in time that grows with its length, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

# A word counts as a secret from these lengths on. Shorter ones, and words without a digit that are a little
# longer, are what is entered where no key is wanted ("x", "sk-1", "anything", "lm-studio", "not-needed",
# "placeholder"): taken for secrets they would blot out the same words in every message, and save nothing.
SHORTEST = 8
SHORTEST_WITHOUT_DIGIT = 12

_NAME = re.compile(
    r"(?:proxy-)?authorization|(?:set-)?cookies?|(?:x-)?api[-_]?key|password|bx[-_][\w-]{1,60}"
    r"|(?:[\w.-]{0,60}[-_])?(?:token|secret|credentials?)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:bearer|basic)\s+", re.IGNORECASE)

_WORD = r"[^\s\"'\\,;:]"
_PART = r"[^\s;\"'&]"
_DIGIT_OR_LONG = r"(?=[\w.~+/-]{0,256}?\d|[\w.~+/-]{20})"

# Needles, in lower case, and what stands at one: the group is the secret, and the words before it stay, so
# that a reader sees what was taken out.
_FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    # Most services' keys; DashScope's Coding Plan has sk-sp-.
    (("sk-",), re.compile(r"(?<![\w-])(sk-(?=[\w*-]{16}|[\w*-]{0,15}[\d*])[\w*-]{8,}+)")),
    (("eyj",), re.compile(r"(?<![\w-])(eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?)")),  # JSON web tokens
    (("akia", "asia", "ltai"), re.compile(r"(?<![A-Za-z0-9])((?:AKIA|ASIA|LTAI)[A-Za-z0-9]{12,}+)")),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "hf_"),
        re.compile(r"(?<![A-Za-z0-9])((?:gh[pousr]|hf)_[A-Za-z0-9]{16,}+)"),
    ),
    (
        ("github_pat_", "glpat-", "xox", "aiza"),
        re.compile(r"(?<![A-Za-z0-9])((?:github_pat_|glpat-|xox[abprs]-|AIza)[\w-]{16,}+)"),
    ),
    (
        ("bearer",),
        re.compile(rf"(?<![A-Za-z0-9_])bearer\s{{1,8}}+({_DIGIT_OR_LONG}[\w.~+/-]{{8,}}+=*+)", re.IGNORECASE),
    ),
    (
        ("authorization", "api-key"),
        re.compile(
            r"(?:authorization|api-key)[\"']?\s{0,4}:\s{0,4}[\"']?(?:(?:bearer|basic)\s{1,4})?"
            rf"({_DIGIT_OR_LONG}{_WORD}{{8,}}+)",
            re.IGNORECASE,
        ),
    ),
    (
        ("cookie",),
        re.compile(r"cookie[\"']?\s{0,4}:\s{0,4}[\"']?((?=[\w.-]{1,64}=)[^\r\n\"'\\]++)", re.IGNORECASE),
    ),
    (
        ("bx-",),
        re.compile(rf"(?<![\w-])bx-[\w-]{{1,32}}+[\"']?\s{{0,4}}:\s{{0,4}}[\"']?({_WORD}{{4,}}+)"),
    ),
    (
        ("token=", "api_key=", "apikey=", "api-key=", "tfstk=", "acw_tc=", "ssxmod_itna=", "ssxmod_itna2="),
        re.compile(rf"[\w-]{{5,12}}=((?={_PART}{{0,256}}?\d){_PART}{{8,}}+)"),
    ),
    (("x5sec",), re.compile(r"x5sec\w{0,16}+=([^\s\"'&<>]++)", re.IGNORECASE)),
    (("://",), re.compile(r"://[^\s\"'<>/?#@:]{0,128}+:([^\s\"'<>/?#@]{1,256}+)@")),
)
_PASSWORD = re.compile(r"[a-z]{1,16}://[^\s/?#:@]*+:([^\s/?#]*)@")
_URL_END = re.compile(r"[\s\"'<>]|\Z")


def is_secret(word: str) -> bool:
    """Whether a key, token or cookie is long enough to be one."""
    return len(word) >= SHORTEST_WITHOUT_DIGIT or (len(word) >= SHORTEST and any(map(str.isdigit, word)))


def is_secret_name(name: str) -> bool:
    """Whether a header or field of this name holds a secret."""
    return _NAME.fullmatch(name) is not None


def credentials(headers: Mapping[str, str]) -> Iterator[str]:
    """The secrets that a request carries in its headers."""
    for name, value in headers.items():
        if is_secret_name(name):
            yield _SCHEME.sub("", value, count=1)


def parts(secret: str) -> Iterator[str]:
    """A secret, each cookie in it by itself, and the password in a URL; those that are long enough."""
    cookies = (pair.partition("=")[2].strip() for pair in secret.split(";"))
    password = _PASSWORD.match(secret.strip())
    return filter(is_secret, (secret.strip(), *cookies, password[1] if password is not None else ""))


def forms_in(text: str) -> Iterator[Span]:
    """Where secrets stand in a text that are known by their form, in any order."""
    low = text.replace("\u0130", "i").lower()  # no other character's lower case is longer than itself
    for needles, form in _FORMS:
        for needle in needles:
            at = low.find(needle)
            while at >= 0:
                found = form.match(text, at)
                if found is not None:
                    yield found.span(1)
                at = low.find(needle, found.end() if found is not None else at + len(needle))
    yield from _session_urls(text, low)


def _session_urls(text: str, low: str) -> Iterator[Span]:
    """The URLs of chat.qwen.ai's firewall, which bear the session; they go whole."""
    if "x5sec" not in low:
        return
    at = low.find("http")
    while at >= 0:
        found = _URL_END.search(text, at)
        assert found is not None
        if low.find("x5sec", at, found.start()) >= 0:
            yield at, found.start()
        at = low.find("http", found.start())

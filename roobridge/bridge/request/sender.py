"""Which client sent a request: what its headers say, else the first words of its prompt.

The words are those of the clients' sources. Roo Code 3.52.1 and Zoo Code 3.82:
src/api/providers/constants.ts, packages/types/src/mode.ts. Cline 4.1.12:
sdk/packages/llms/src/providers/request-headers.ts; its CLIs 2.18 and 3.0 as recorded. Kilo: 7.7.9
as its CLI sends it, by a name of its core's where the provider's id begins with "opencode" (later sources:
"kilo", packages/opencode/src/session/llm/request.ts); up to 5, a fork of Roo Code,
src/api/providers/constants.ts. qwen-code 0.24.4 as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from roobridge.grammar.model import Version

_PRODUCTS = {
    "roocode": "roo",
    "zoocode": "zoo",
    "cline": "cline",
    "kilo-code": "kilo",
    "kilo": "kilo",
    "qwencode": "qwen-code",
    "opencode": "opencode",
}
# `opencode/latest/1.2.3/cli`, as Kilo's `kilo/...`, has a channel before its version.
_PRODUCT = re.compile(
    rf"(?<![\w-])({'|'.join(_PRODUCTS)})(?![\w-])"
    r"(?:/[a-z]\w{0,31}(?=/\d))?(?:/v?(\d{1,5}(?:\.\d{1,5}){1,3}))?",
    re.ASCII | re.IGNORECASE,
)
_TITLES = {"Roo Code": "roo", "Zoo Code": "zoo", "Cline": "cline", "Kilo Code": "kilo"}
_ADDRESSES = {
    "https://github.com/RooVetGit/Roo-Cline": "roo",
    "https://github.com/Zoo-Code-Org/Zoo-Code": "zoo",
    "https://cline.bot": "cline",
    "https://kilocode.ai": "kilo",
}
# A mode of the user's own begins with other words.
_NAMES = {
    "Roo": "roo",
    "Zoo": "zoo",
    "Cline": "cline",
    "Kilo Code": "kilo",
    "Kilo": "kilo",
    "Qwen Code": "qwen-code",
}
_NAME = re.compile(rf"\s*You are ({'|'.join(_NAMES)}), ")


class Sender(msgspec.Struct, frozen=True):
    """Who a request says it comes from.

    client: "roo", "zoo", "cline", "kilo", "qwen-code", "opencode", or "" where it says nothing known.
    """

    client: str = ""
    version: Version | None = None


def sender_of(headers: Mapping[str, str]) -> Sender:
    """The client that User-Agent names with its version (`RooCode/3.31.3`), else X-Title or HTTP-Referer.

    A version that is none is left out, as is a product that only looks like one of these.
    """
    product = _PRODUCT.search(headers.get("user-agent", ""))
    if product is not None:
        digits = product[2]
        version = tuple(int(part) for part in digits.split(".")) if digits else None
        return Sender(_PRODUCTS[product[1].lower()], version)
    titled = _TITLES.get(headers.get("x-title", "").strip(), "")
    return Sender(titled or _ADDRESSES.get(headers.get("http-referer", "").strip().rstrip("/"), ""))


def sender_by_prompt(prompt: str) -> Sender:
    """The client that a prompt says the model is: for requests that a proxy took the headers from."""
    name = _NAME.match(prompt)
    return Sender(_NAMES[name[1]]) if name else Sender()

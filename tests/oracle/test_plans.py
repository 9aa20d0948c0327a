"""The grammar files and the oracle were written apart: what Roo's reader knows must be the same in both."""

from __future__ import annotations

import pytest

from roobridge.bridge.plan import ClientKind
from tests.oracle.plans import CLIENTS, Client
from tests.oracle.roo_reader import PARAMS, TOOLS


@pytest.mark.parametrize("version", TOOLS)
def test_names_that_roo_opens_a_tag_for(version: tuple[int, int, int]) -> None:
    toolset = Client(ClientKind.XML_AGENT, version=".".join(map(str, version))).plan().toolset
    assert toolset.read_tools == TOOLS[version]
    assert toolset.read_params == PARAMS[version]


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())
def test_one_call_or_several(client: Client) -> None:
    assert client.plan().single_call != client.several or client.kind is ClientKind.PLAIN


@pytest.mark.parametrize(
    ("version", "guarded"),
    [
        ("3.36.16", False),
        ("3.41.3", False),
        ("3.42.0", True),
        ("3.47.3", True),
        ("3.48.0", False),
        ("", False),
    ],
)
def test_versions_that_reject_tags_in_content(version: str, guarded: bool) -> None:
    client = Client(ClientKind.NATIVE_AGENT, version=version, tools="roo")
    assert client.plan().guard_text == guarded

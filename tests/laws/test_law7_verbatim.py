"""Law 7: a well-formed XML call of the model reaches an XML client byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.cuts import cut, seeded
from tests.oracle.dialect_writer import roo_xml
from tests.oracle.outcome import run
from tests.oracle.plans import CLINE, ROO_31, ROO_41, Client
from tests.oracle.replies import calls

wraps = st.sampled_from(list(Wrap))
CLINE_HAS = {"write_to_file", "search_files", "list_files", "attempt_completion"}


def spelled(name: str, params: dict[str, Any], gap: str, client: Client) -> str:
    text = roo_xml(name, params)
    if client is ROO_31 and name == "write_to_file":
        text = text.replace("\n</write_to_file>", "\n<line_count>9</line_count>\n</write_to_file>")
    for key in params:
        text = text.replace(f"\n<{key}>", f"{gap}<{key}>", 1)
    return text


@pytest.mark.parametrize("before", ["", "I do it.\n\n", "One.\n\nTwo: `x`.\n"])
@pytest.mark.parametrize("client", [ROO_31, ROO_41, CLINE], ids=["roo31", "roo41", "cline"])
@given(
    call=calls, wrap=wraps, gap=st.sampled_from(["\n", "", "\r\n", "\n\n  ", " "]), seed=st.integers(0, 99)
)
def test_a_call_is_untouched(client: Client, before: str, call: Any, wrap: Wrap, gap: str, seed: int) -> None:
    assume(client is not CLINE or call.name in CLINE_HAS)
    text = before + spelled(call.name, call.params, gap, client)
    outcome = run(client.plan(wrap), cut([Delta(content=text)], seeded(seed)))
    assert outcome.content == text
    assert not outcome.repairs


@pytest.mark.parametrize("result", ["\n<a\n", "\n<attempt_compl\n", "<res \n"])
@pytest.mark.parametrize("client", [ROO_31, ROO_41, CLINE], ids=["roo31", "roo41", "cline"])
def test_a_completion_of_half_a_tag_is_untouched(client: Client, result: str) -> None:
    text = f"<attempt_completion>\n<result>{result}</result>\n</attempt_completion>"
    assert run(client.plan(), [Delta(content=text)]).content == text

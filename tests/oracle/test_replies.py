"""The scenarios are what they claim to be, before the machine has seen them."""

from __future__ import annotations

import json

from hypothesis import given

from tests.oracle.cuts import CUTTINGS, cut
from tests.oracle.dialect_writer import hermes, roo_xml
from tests.oracle.expected import agree
from tests.oracle.plans import ROO_41
from tests.oracle.replies import Call, calls, soups
from tests.oracle.roo_reader import tool_uses


@given(calls)
def test_a_call_written_in_roo_xml_is_read_as_it_was_meant(call: Call) -> None:
    (use,) = tool_uses(ROO_41.read(roo_xml(call.name, call.params)))
    assert not use.partial
    assert agree(ROO_41, call, (use.name, dict(use.params)))


@given(calls)
def test_a_call_written_as_json_is_json(call: Call) -> None:
    body = hermes(call.name, call.params).removeprefix("<tool_call>").removesuffix("</tool_call>")
    assert json.loads(body) == {"name": call.name, "arguments": call.params}


@given(soups())
def test_cuttings_lose_nothing(soup: str) -> None:
    for cutting in CUTTINGS.values():
        assert "".join(cutting(soup)) == soup
    assert cut([], CUTTINGS["whole"]) == []

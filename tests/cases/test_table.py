"""The tables themselves: they can be read, and what they expect holds together under the oracle."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cases.table import Case, cases
from tests.oracle.roo_reader import tool_uses

CASES = dict(cases())
XML_CONTENT = {
    name: case
    for name, case in CASES.items()
    if case.request.xml and (case.expect.content or case.expect.content_stripped) and not case.expect.error
}


def test_names_are_unique() -> None:
    doubled = [name for name, count in Counter(name for name, _ in cases()).items() if count > 1]
    assert not doubled


def test_every_part_of_the_design_has_its_cases() -> None:
    files = {name.partition(":")[0] for name in CASES}
    rules = {f"rule{number}" for number in range(1, 6)}
    assert rules <= {name.partition("_")[0] for name in files}
    assert {"wrap", "degenerate", "endings", "completion", "thinking", "several", "dialects"} <= files


@pytest.mark.parametrize("case", XML_CONTENT.values(), ids=XML_CONTENT.keys())
def test_expected_content_is_what_the_client_must_read(case: Case) -> None:
    content = case.expect.content or case.expect.content_stripped
    assert content is not None
    uses = tool_uses(case.request.read(content))
    assert len(uses) == 1
    assert not uses[0].partial
    if case.expect.calls is not None:
        assert [(use.name, use.params) for use in uses] == case.expect.calls

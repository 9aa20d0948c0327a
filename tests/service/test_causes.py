from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from roobridge.service.metrics.causes import CODES, KINDS, OTHER, cause_of
from tests.house_rules.source import modules, tree_of

ROOMS = (
    "roobridge/bridge",
    "roobridge/policy",
    "roobridge/render",
    "roobridge/service",
    "roobridge/upstream",
)
NODES = [node for file in modules(*ROOMS, "roobridge/web") for node in ast.walk(tree_of(file))]
# Codes that have a name, as other files import it.
CONSTANTS = {
    name.id: node.value.value
    for node in NODES
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    for name in node.targets
    if isinstance(name, ast.Name) and isinstance(node.value.value, str)
}
NOT_SERVED = {"SettingsError"}  # raised before anything is


def given() -> Iterator[str]:
    """The codes that stand as words where an error is made."""
    for node in NODES:
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in NOT_SERVED:
            yield from words(*(word.value for word in node.keywords if word.arg == "code"))
            if ast.unparse(node.func) in ("Fail", "Undeliverable"):
                yield from words(*node.args[:1])
        elif isinstance(node, ast.BoolOp) and ast.unparse(node.values[0]).endswith("code"):
            yield from words(*node.values[1:])


def words(*expressions: ast.expr) -> Iterator[str]:
    for expression in expressions:
        match expression:
            case ast.Constant(value=str(word)):
                yield word
            case ast.Name(id=name) if name in CONSTANTS:
                yield CONSTANTS[name]
            case ast.IfExp(body=one, orelse=other):
                yield from words(one, other)


def test_every_code_of_the_bridge_is_known() -> None:
    found = set(given())
    assert len(found) > 30
    assert found <= CODES


def test_no_code_is_listed_that_the_source_does_not_hold() -> None:
    literals = {
        node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = {"method_not_allowed"}  # of HTTP's phrases
    assert CODES - literals == made
    assert literals >= KINDS


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        ("unreachable", "api_error", "unreachable"),
        ("Throttling.RateQuota", "rate_limit_error", "rate_limit_error"),
        ("Throttling.RateQuota", "api_error", OTHER),
        ("", "", OTHER),
    ],
)
def test_the_code_counts_before_the_kind(code: str, kind: str, cause: str) -> None:
    assert cause_of(code, kind) == cause

"""Every named case at every wrap policy and every cutting, and the same at all of them."""

from __future__ import annotations

import pytest

from tests.cases.table import Case, cases
from tests.cases.verdict import check
from tests.oracle.cuts import cut, cuttings
from tests.oracle.outcome import run

CASES = dict(cases())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(case: Case) -> None:
    for wrap in case.wraps:
        plan = case.request.plan(wrap)
        outcomes = {
            name: run(plan, cut(case.words, cutting), case.finish_reason)
            for name, cutting in cuttings(case.words).items()
            if name in case.cuts
        }
        for name, outcome in outcomes.items():
            try:
                check(case, wrap, outcome)
            except (AssertionError, KeyError, ValueError) as cause:
                cause.add_note(f"{case.rule}; wrap {wrap.value}, cutting {name}; outcome {outcome}")
                raise
        (first, wanted), *others = outcomes.items()
        for name, outcome in others:
            difference = f"wrap {wrap.value}: {name} differs from {first}"
            assert outcome.same_at_any_cutting == wanted.same_at_any_cutting, difference

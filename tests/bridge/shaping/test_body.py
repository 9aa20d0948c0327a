"""A body before and after it was shaped for a model."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.shaping.body import OWNED, Shape, forbidden, shaped
from roobridge.bridge.shaping.images import LEFT_OUT, Images
from roobridge.bridge.shaping.sampling import SAMPLING
from roobridge.bridge.shaping.thinking import Reasoning
from roobridge.errors import ClientError
from tests.bridge.shaping.messages import IMAGES, messages, said, user

HELLO = [user("Hello")]
KWARGS = "chat_template_kwargs"


def fields(shape: Shape, **sent: object) -> dict[str, Any]:
    """What a shape makes of these fields."""
    new = shaped({"model": "m", "messages": HELLO, **sent}, shape)
    assert new.pop("messages") is HELLO
    assert new.pop("model") == "m"
    return new


def test_nothing_is_changed_without_a_wish() -> None:
    assert fields(Shape(), temperature=0, odd=None) == {"temperature": 0, "odd": None}


def test_a_preset_stands_over_the_client_and_defaults_fill_in_what_is_missing_or_null() -> None:
    shape = Shape(sampling=SAMPLING["qwen3-coder"], defaults={"max_tokens": 100, "top_k": 40, "seed": 1})
    assert fields(shape, temperature=0, top_p=None, max_tokens=7, seed=None) == {
        "temperature": 0.7,
        "top_p": 0.8,
        "top_k": 20,  # a preset stands over a default too
        "repetition_penalty": 1.05,
        "max_tokens": 7,
        "seed": 1,
    }


def test_a_field_may_be_dropped_and_another_overridden_under_a_preset() -> None:
    shape = Shape(sampling=SAMPLING["qwen3-coder-next"], overrides={"top_k": 7}, drop=("seed",))
    assert fields(shape, temperature=0, seed=3) == {"temperature": 1.0, "top_p": 0.95, "top_k": 7}


def test_an_override_stands_over_everything() -> None:
    shape = Shape(defaults={"enable_thinking": True}, overrides={"enable_thinking": False}, drop=("top_p",))
    assert fields(shape, enable_thinking=True, top_p=1) == {"enable_thinking": False}


def test_tables_are_filled_in_and_set_by_their_keys() -> None:
    shape = Shape(
        defaults={KWARGS: {"enable_thinking": True, "preserve_thinking": True}},
        overrides={KWARGS: {"tools_in_user_message": False}},
    )
    own = {"enable_thinking": False, "preserve_thinking": None, "x": 1}
    assert fields(shape, **{KWARGS: own})[KWARGS] == {
        "enable_thinking": False,
        "preserve_thinking": True,
        "x": 1,
        "tools_in_user_message": False,
    }
    assert own == {"enable_thinking": False, "preserve_thinking": None, "x": 1}
    assert fields(shape, **{KWARGS: None})[KWARGS] == {
        "enable_thinking": True,
        "preserve_thinking": True,
        "tools_in_user_message": False,
    }


def test_a_table_and_a_value_do_not_merge() -> None:
    shape = Shape(defaults={"stop": {"a": 1}}, overrides={KWARGS: {"a": 1}})
    assert fields(shape, stop="x", **{KWARGS: "odd"}) == {"stop": "x", KWARGS: {"a": 1}}


def test_images_are_refused_in_the_name_that_the_client_knows() -> None:
    shape, body = Shape(images=Images.REFUSE), {"model": "upstream", "messages": [user([IMAGES[0]])]}
    with pytest.raises(ClientError, match=r"^The model mine takes no images"):
        shaped(body, shape, "mine")
    with pytest.raises(ClientError, match=r"^The model upstream takes no images"):
        shaped(body, shape)
    assert shaped({"model": "m", "messages": HELLO}, shape)["messages"] is HELLO


def test_marks_come_last() -> None:
    shape = Shape(images=Images.STRIP, cache_marks=True)
    (message,) = shaped({"model": "m", "messages": [user([IMAGES[0]])]}, shape)["messages"]
    assert message["content"] == [{"type": "text", "text": LEFT_OUT, "cache_control": {"type": "ephemeral"}}]


def test_reasoning_is_dropped_where_the_shape_says_so() -> None:
    thought = said("Hi", reasoning_content="Hm.", reasoning="Hm.")
    body = {"model": "m", "messages": [thought]}
    assert shaped(body, Shape(reasoning=Reasoning.DROP))["messages"] == [said("Hi")]
    for passed in (Reasoning.PASS, Reasoning.BACK):
        assert shaped(body, Shape(reasoning=passed))["messages"][0] is thought


def test_a_field_of_the_bridge_is_named() -> None:
    assert forbidden({"temperature": 0, "messages": []}) == "messages"
    assert forbidden(("top_p", "n")) == "n"
    assert (
        forbidden([KWARGS, "enable_thinking", "thinking_budget", "parallel_tool_calls", "max_tokens"]) == ""
    )
    assert [forbidden([field]) for field in sorted(OWNED)] == sorted(OWNED)


NAMES = st.sampled_from(["temperature", "top_k", KWARGS, "seed"])
VALUES = (
    st.none() | st.integers(0, 3) | st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3))
)
TABLES = st.dictionaries(NAMES, VALUES)
SET = st.dictionaries(NAMES, VALUES.filter(lambda value: value is not None))  # TOML has no null
SHAPES = st.builds(
    Shape,
    sampling=st.sampled_from(list(SAMPLING.values())),
    defaults=SET,
    overrides=SET,
    drop=st.lists(NAMES, max_size=2).map(tuple),
    images=st.sampled_from([Images.PASS, Images.STRIP]),
    reasoning=st.sampled_from(Reasoning),
    cache_marks=st.booleans(),
)


@given(TABLES, messages, SHAPES)
def test_a_body_is_not_changed_and_shaping_twice_is_shaping_once(
    sent: dict[str, Any], said_before: list[dict[str, Any]], shape: Shape
) -> None:
    body = {"model": "m", "messages": said_before, **sent}
    before, wishes = deepcopy(body), deepcopy(shape)
    new = shaped(body, shape)
    assert shaped(new, shape) == new
    assert (body, shape) == (before, wishes)
    assert [message["role"] for message in new["messages"]] == [message["role"] for message in said_before]


@given(TABLES, SHAPES)
def test_every_field_is_from_where_it_should_be(sent: dict[str, Any], shape: Shape) -> None:
    new = shaped({"model": "m", "messages": HELLO, **sent}, shape)
    for field in new.keys() - {"model", "messages"}:
        kept = None if field in shape.drop else sent.get(field)
        sources = (shape.overrides.get(field), shape.sampling.get(field), kept, shape.defaults.get(field))
        first = next((value for value in sources if value is not None), None)
        if not isinstance(first, dict):
            assert new[field] == first

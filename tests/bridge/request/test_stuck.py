"""When an agent goes round in a circle, and when it only looks so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.request.stuck import StuckCall, stuck_call
from tests.bridge.request.agent_history import (
    FIRST,
    LIST,
    TODO,
    Message,
    Turn,
    environment,
    joined,
    native,
    native_turn,
    parts,
    row,
    xml,
    xml_turn,
)
from tests.oracle.plans import CLINE, KILO, ROO_31, ROO_52

XML, CLINE_XML, NATIVE, OTHER = ROO_31.plan(), CLINE.plan(), ROO_52.plan(), KILO.plan()


def test_the_same_call_with_the_same_result() -> None:
    assert stuck_call([*FIRST, *row(5, xml)], XML, 5) == StuckCall("list_files", "src")
    shown = '{"path":"src","recursive":false}'
    assert stuck_call([*FIRST, *row(5, native)], NATIVE, 5) == StuckCall("list_files", shown)
    assert stuck_call([*FIRST, *row(5, native, env=False)], OTHER, 5) == StuckCall("list_files", shown)


@pytest.mark.parametrize(("turn", "plan"), [(xml, XML), (native, NATIVE)], ids=["xml", "native"])
class TestRow:
    def test_one_less_is_none(self, turn: Turn, plan: Any) -> None:
        assert stuck_call([*FIRST, *row(4, turn)], plan, 5) is None
        assert stuck_call([*FIRST, *row(4, turn)], plan, 4) is not None

    def test_what_was_before_does_not_matter(self, turn: Turn, plan: Any) -> None:
        assert stuck_call([*FIRST, *turn("other"), *row(5, turn)], plan, 5) is not None
        assert stuck_call([*FIRST, *row(5, turn), *turn("other")], plan, 5) is None

    @given(at=st.integers(0, 4), result=st.text(max_size=8).filter(lambda text: text != "a.py"))
    def test_a_differing_result_makes_it_none(self, turn: Turn, plan: Any, at: int, result: str) -> None:
        turns = [turn(result if number == at else "a.py") for number in range(5)]
        assert stuck_call([*FIRST, *joined(turns)], plan, 5) is None

    @pytest.mark.parametrize("result", ["a.py ", "a.py\n", " a.py"])
    def test_white_space_is_a_difference(self, turn: Turn, plan: Any, result: str) -> None:
        assert stuck_call([*FIRST, *row(4, turn), *turn(result)], plan, 5) is None

    def test_only_what_stands_at_its_end_is_the_clients(self, turn: Turn, plan: Any) -> None:
        results = [f"{environment()}\nend" for _ in range(5)]
        assert stuck_call([*FIRST, *joined(map(turn, results))], plan, 5) is None

    def test_more_blocks_than_clients_write_are_a_result(self, turn: Turn, plan: Any) -> None:
        many = [environment() * 9 for _ in range(5)]
        assert stuck_call([*FIRST, *joined(map(turn, many))], plan, 5) is None
        unopened = [f"{number}</environment_details>" for number in range(5)]
        assert stuck_call([*FIRST, *joined(map(turn, unopened))], plan, 5) is None

    @pytest.mark.parametrize("mark", ["feedback", "user_message", "answer"])
    def test_a_result_that_the_user_spoke_in_is_none(self, turn: Turn, plan: Any, mark: str) -> None:
        result = f"a.py\nThe user said:\n<{mark}>\nAgain.\n</{mark}>"
        assert stuck_call([*FIRST, *row(5, turn, result)], plan, 5) is None

    def test_an_assistants_words_without_a_call_break_it(self, turn: Turn, plan: Any) -> None:
        words: list[Message] = [
            {"role": "assistant", "content": "I am at a loss."},
            {"role": "user", "content": "Use a tool."},
        ]
        assert stuck_call([*FIRST, *row(4, turn), *words], plan, 5) is None
        assert stuck_call([*FIRST, *row(3, turn), *words, *turn()], plan, 4) is None

    def test_a_call_that_nothing_came_back_for_is_none(self, turn: Turn, plan: Any) -> None:
        assert stuck_call([*FIRST, *row(5, turn), turn()[0]], plan, 5) is None
        assert stuck_call([turn()[0]] * 5, plan, 5) is None

    def test_only_the_last_turns_are_read(self, turn: Turn, plan: Any) -> None:
        class Unread(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                raise AssertionError("it was read")

        old = [Unread(message) for message in row(3, turn)]
        assert stuck_call([*old, *row(5, turn)], plan, 5) is not None
        assert stuck_call([*old, *turn("x"), *turn("y")], plan, 5) is None


def test_the_words_before_a_call_do_not_matter() -> None:
    turns = [xml(words=f"Try {number}.\n\n") for number in range(5)]
    assert stuck_call(joined(turns), XML, 5) is not None
    thinking = [xml(words=f"<think>It is {number} <read_file></think>") for number in range(5)]
    assert stuck_call(joined(thinking), XML, 5) is not None


@pytest.mark.parametrize(
    "call",
    [
        LIST.replace("src", "lib"),
        LIST.replace("list_files", "read_file"),
        LIST.replace("</path>", "</path>\n<recursive>true</recursive>"),
        f"{LIST}\nMore.",
        "list_files",
    ],
)
def test_another_call_in_xml_makes_it_none(call: str) -> None:
    assert stuck_call([*row(2, xml), *xml(call=call), *row(2, xml)], XML, 5) is None


def test_clines_todo_list_comes_and_goes() -> None:
    turns = [xml_turn(LIST, "a.py", *([TODO.format(number)] if number % 2 else [])) for number in range(5)]
    assert stuck_call(joined(turns), CLINE_XML, 5) is not None
    heads = [native_turn("{}", f"# task_progress\n{number}") for number in range(5)]
    assert stuck_call(joined(heads), NATIVE, 5) is None


def test_clients_that_write_one_text_a_message() -> None:
    def flat() -> list[Message]:
        said, back = xml()
        return [said, {**back, "content": "\n".join(part["text"] for part in back["content"])}]

    def in_result() -> list[Message]:
        said, back, _ = native()
        return [said, {**back, "content": f"{back['content']}\n\n{environment()}"}]

    assert stuck_call(row(5, flat), XML, 5) is not None
    assert stuck_call(row(5, in_result), NATIVE, 5) is not None


def test_reminders_of_the_clients_are_left_out() -> None:
    reminders = iter(range(9))

    def reminded() -> list[Message]:
        text = f"<system-reminder>\n{next(reminders)}\n</system-reminder>"
        return [*native(env=False), {"role": "user", "content": parts(text, environment())}]

    assert stuck_call(row(5, reminded), OTHER, 5) is not None


@pytest.mark.parametrize("role", ["user", "system"])
def test_words_between_native_calls_make_it_none(role: str) -> None:
    words: Message = {"role": role, "content": "Go on."}
    assert stuck_call(row(5, lambda: [*native(), words]), NATIVE, 5) is None


def test_the_cache_marks_of_the_last_messages_are_left_out() -> None:
    def pictured(**mark: Any) -> list[Message]:
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}, **mark}
        return [*native(env=False), {"role": "user", "content": [picture]}]

    last = pictured(cache_control={"type": "ephemeral"})
    assert stuck_call([*row(4, pictured), *last], NATIVE, 5) is not None
    assert stuck_call([*row(4, pictured), *pictured(detail="low")], NATIVE, 5) is None

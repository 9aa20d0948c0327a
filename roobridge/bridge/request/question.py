"""A question to the client's user, as a call of the tool that its request has for questions.

The tools, and what each takes:

    ask_followup_question   question, follow_up (Roo 3.10 and later, Zoo, Kilo up to 5): objects of text and
                            mode; question, options (Cline): texts, in its native tools as one JSON text
    ask_question            question, options (Cline 3's CLI): texts
    ask_user_question       questions (qwen-code, packages/core/src/tools/askUserQuestion.ts): objects of
                            question, header, options (objects of label and description), multiSelect
    question                questions (Kilo and OpenCode, packages/opencode/src/question/index.ts): the same,
                            multiple

What a request declares goes before this table: a tool that requires anything else is another tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.request.chat import ChatRequest, is_function
from roobridge.bridge.request.prompt_tools import offered_tools
from roobridge.events import ToolDelta
from roobridge.grammar.model import Kind, Param, Tool
from roobridge.grammar.schema import resolve

_TOOLS = ("ask_followup_question", "ask_question", "ask_user_question", "question")
_CHOICES = frozenset({"follow_up", "options"})
_LISTS = _CHOICES | {"questions"}
_WORDING = _LISTS | {"question", "text", "label"}  # what carries the words; the rest goes along
_TYPES = {str: "string", bool: "boolean"}


class Choice(msgspec.Struct, frozen=True):
    """An answer that is offered. label: a few words; what: a sentence that goes on from it."""

    label: str
    what: str

    @property
    def text(self) -> str:
        return f"{self.label}: {self.what}"


class Question(msgspec.Struct, frozen=True):
    """header: at most 12 characters (qwen-code). choices: two to four; Roo takes the first by itself after a
    while, where its user lets it."""

    header: str
    text: str
    choices: Sequence[Choice]


class _AnotherToolError(Exception):
    """A tool requires what a question does not say."""


def ask_user(question: Question, chat: ChatRequest, plan: Plan) -> ToolDelta | None:
    """The whole call that asks, or None where the client has no tool for it."""
    for tool in map(plan.toolset.tools.get, _TOOLS):
        if tool is None or not _may_call(tool.name, chat, plan):
            continue
        declared = _declared(tool.name, chat)
        try:
            if declared is None:
                arguments = {param.name: _described(param, question) for param in _wanted(tool)}
            else:
                arguments = _Filling(declared, question).whole()
        except _AnotherToolError:
            continue
        return ToolDelta(0, name=tool.name, arguments=msgspec.json.encode(arguments).decode())
    return None


def _may_call(name: str, chat: ChatRequest, plan: Plan) -> bool:
    if plan.kind is ClientKind.XML_AGENT:
        # Cline leaves the tool out of the prompt where nobody is there to answer.
        offered = offered_tools(chat.first_text)
        return not offered or any(tool.name == name for tool in offered)
    return chat.tool_choice in ("auto", "required") or chat.named_tool == name


def _declared(name: str, chat: ChatRequest) -> Mapping[str, Any] | None:
    """The schema of a tool's parameters, where the request has it."""
    for tool in chat.callable_tools:
        if is_function(tool) and tool["function"]["name"] == name:
            return tool["function"].get("parameters") or {}
    return None


def _wanted(tool: Tool) -> list[Param]:
    params = [param for param in tool.params.values() if param.offered]
    return [param for param in params if param.required or param.name in _CHOICES]


def _described(param: Param, question: Question) -> Any:
    """What a parameter takes, by the grammar."""
    if param.name == "question":
        return question.text
    if param.name not in _CHOICES:
        raise _AnotherToolError
    if param.kind is Kind.JSON:
        return [choice.text for choice in question.choices]
    return [{"text": choice.text} for choice in question.choices]


class _Filling:
    """Fills the parameters that a schema declares; as deep as a question goes, however deep the schema."""

    def __init__(self, root: Mapping[str, Any], question: Question) -> None:
        self._root = root
        self._question = question

    def whole(self) -> dict[str, Any]:
        """Raises _AnotherToolError."""
        choices = self._question.choices
        words = {"question": self._question.text, **dict.fromkeys(_CHOICES, choices), "questions": choices}
        said = self._object(self._root, words)
        # A stranger's tool that takes a question alone may ask anybody.
        if "questions" in said or ("question" in said and not _CHOICES.isdisjoint(said)):
            return said
        raise _AnotherToolError

    def _object(self, schema: Any, words: Mapping[str, Any]) -> dict[str, Any]:
        """An object with all that is required, and whatever else can be said."""
        schema = resolve(schema, self._root)
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        if not isinstance(properties, Mapping):
            raise _AnotherToolError
        required = schema.get("required")
        required = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        said = {
            name: self._value(name, words[name], resolve(described, self._root))
            for name, described in properties.items()
            if name in words and (name in required or words[name] is not None)
        }
        if said.keys().isdisjoint(_WORDING) or not said.keys() >= {*required}:
            raise _AnotherToolError
        return said

    def _value(self, name: str, word: Any, schema: Any) -> Any:
        declared = schema.get("type") if isinstance(schema, Mapping) else None
        types = declared if isinstance(declared, Sequence) and not isinstance(declared, str) else (declared,)
        if name in _LISTS and "array" in types:
            items = resolve(schema.get("items"), self._root)
            return [self._asked(items)] if name == "questions" else [self._choice(c, items) for c in word]
        if name in _CHOICES:
            word = msgspec.json.encode([choice.text for choice in word]).decode()
        # Roo's strict schema has `mode` as a string that is required; its own example gives null (3.52.1).
        if word is not None and _TYPES.get(type(word), "") not in types:
            raise _AnotherToolError
        return word

    def _asked(self, items: Any) -> dict[str, Any]:
        asked = self._question
        words = {"question": asked.text, "header": asked.header, "options": asked.choices}
        said = self._object(items, {**words, "multiple": False, "multiSelect": False})
        if "options" not in said:
            raise _AnotherToolError
        return said

    def _choice(self, choice: Choice, items: Any) -> Any:
        if isinstance(items, Mapping) and items.get("type") == "string":
            return choice.text
        words = {"text": choice.text, "label": choice.label, "description": choice.what, "mode": None}
        return self._object(items, words)

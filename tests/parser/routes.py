"""The text that brings the machine into each state, and the text of each terminal that may come then."""

from __future__ import annotations

from roobridge.spelling.states import State, Terminal
from tests.parser.tag_routes import (
    ENDS,
    LINES,
    MARK,
    NEAR,
    QWEN,
    SAFE,
    SPOKEN,
    SPOKEN_IN_WRAPPER,
    TAGS,
    TWICE,
)

_S, _T = State, Terminal

_CALL = "<list_files><path>.</path></list_files>"
_LISTED = '{"name": "list_files", "arguments": {"path": "."}}'
_NAMED = '<tool_call><function=list_files>{"path": ".", "recursive": true'
_OBJECT = '<tool_call>{"name": "list_files", "arguments": {"path": "."}}'
_COMPLETION = "<attempt_completion>"

# The text that brings the machine into each state, and what comes then, for each of its terminals. END and
# CUT come without a text.
_AFTER_END = {
    _T.SPACE: "\n",
    _T.CALL_CLOSE: "</tool_call>",
    _T.NEXT_CALL: "{tool}{param}",
    _T.TEXT: "x",
    **ENDS,
}
_TOKENS = "<｜tool▁call▁begin｜>list_files<｜tool▁sep｜>"
ROUTES: dict[str, list[dict[State, tuple[str, dict[Terminal, str]]]]] = {
    "content": [
        {
            _S.CONTENT: (
                "",
                {
                    _T.TEXT: "a `b`",
                    _T.BLOCK: "a\n\nb\n",
                    _T.TOOL_OPEN: "<list_files>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.CALL_OPEN: "<tool_call>",
                    _T.ALIEN_OPEN: "<function=nobody>\n<parameter=x>",
                    _T.THINK_OPEN: "<think>",
                    _T.THINK_END: "</think>",
                    _T.STRAY_CLOSE: "</list_files>",
                    _T.STRAY_NOISE: _CALL + "</list_files>",
                    _T.MARK: MARK,
                    _T.FENCE_OPEN: "```\n",
                    _T.BRACE: "{",
                    **ENDS,
                },
            ),
            _S.ALIEN: (
                "<function=nobody>\n<parameter=x>",
                {_T.TEXT: "a <function=list_files> b </function>", _T.TOOL_CLOSE: "</function>", **ENDS},
            ),
            _S.ASTRAY: (
                '<tool_call>{"name": "nobody", "arguments": {}',
                {_T.TEXT: "a <list_files>", _T.STRAY_NOISE: "\n<", **ENDS},
            ),
            _S.REASONING: ("<think>a", {_T.TEXT: "b < c", _T.THINK_CLOSE: "</think>", **ENDS}),
            _S.STRAY: (
                "</list_files>",
                {_T.STRAY_CLOSE: "</path>", _T.SPACE: " ", _T.TEXT: "x", _T.STRAY_NOISE: "\n", **ENDS},
            ),
            _S.MARKED: (MARK, {_T.SPACE: "\n", _T.MARK: "<|im_start|>", _T.TEXT: "x", **ENDS}),
            _S.DROPPED: (MARK + "<|im_start|>", {_T.TEXT: "user", **ENDS}),
            _S.FENCE: (
                "```json\n",
                {
                    _T.TEXT: "x",
                    _T.TOOL_OPEN: "<list_files>",
                    _T.CALL_OPEN: "<tool_call>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.BRACE: "{",
                },
            ),
            _S.FENCED: (
                "```json\n{",
                {_T.FENCE_CLOSE: _LISTED[1:] + "\n```\n", _T.TEXT: "}\n```\n", **ENDS},
            ),
            _S.LONE: (_LISTED, {_T.OBJECT_DONE: "</tool_call>", **ENDS}),
            _S.KEPT: (
                f"```json\n{_LISTED}\n```\n",
                {
                    _T.SPACE: "\n",
                    _T.FENCE_CLOSE: "```\n",
                    _T.CALL_CLOSE: "</tool_call>",
                    _T.MARK: MARK,
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.EXAMPLE_END: (
                f"```\n{_CALL}",
                {
                    _T.SPACE: "\n",
                    _T.FENCE_CLOSE: "```\n",
                    _T.STRAY_NOISE: "</tool_call>",
                    _T.TOOL_OPEN: "<list_files>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.CALL_OPEN: "<tool_call>",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.EXAMPLE_OVER: (
                f"```\n{_CALL}```\n",
                {
                    _T.SPACE: "\n",
                    _T.FENCE_CLOSE: "```\n",
                    _T.STRAY_NOISE: "</tool_call>",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.WRAPPED: (
                "<tool_call>",
                {
                    _T.SPACE: "\n",
                    _T.TOOL_OPEN: "<function=list_files>",
                    _T.COMPLETION_OPEN: _COMPLETION,
                    _T.CALL_OPEN: "<tool_call>",
                    _T.BRACE: "{",
                    _T.BRACKET: "[",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
        },
        {_S.LONE: ("[", {_T.TEXT: "x"})},
        {
            _S.CONTENT: (
                "",
                {_T.EXAMPLE_CALL: f"> {_CALL}", _T.EXAMPLE_TEXT: "> <list_files>\nwords\n"},
            )
        },
    ],
    "roo-xml": [
        TAGS,
        SPOKEN,
        LINES,
        SAFE,
        TWICE,
        {
            _S.NEARLY: ("<list_files><recursive>true</recursiv>", {_T.GARBLED: "<list_files><path>"}),
            _S.INNER: (
                "<write_to_file><content><write_to_file><content></content>",
                {_T.INNER_CLOSE: "</write_to_file>"},
            ),
        },
        {
            _S.COMPLETION: (
                _COMPLETION,
                {
                    _T.SPACE: "\n",
                    _T.PARAM_OPEN: "<result>",
                    _T.TOOL_CLOSE: "</attempt_completion>",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.LOOSE: (_COMPLETION + "x", {_T.TEXT: "y", _T.TOOL_CLOSE: "</attempt_completion>", **ENDS}),
        },
    ],
    "wrapped": [
        TAGS,
        LINES,
        SAFE,
        TWICE,
        QWEN,
        SPOKEN,
        SPOKEN_IN_WRAPPER,
        {_S.ENDING: ("{tool}{param}a'{close}{end}", {_T.DOUBTED_CLOSE: "{last}"})},
        NEAR,
        {
            _S.ENDING: (
                "{tool}{param}a{close}{end}",
                {
                    **_AFTER_END,
                    _T.TOOL_CLOSE: "{end}",
                    _T.MARK: MARK,
                    _T.WORDS: "\nwords",
                    _T.TEXT: "{close}",
                },
            ),
            _S.ENDING_BARE: ("{tool}{end}", _AFTER_END),
        },
    ],
    "bare": [TAGS, LINES, SAFE, TWICE, QWEN, NEAR, SPOKEN, SPOKEN_IN_WRAPPER],
    "hermes": [
        {
            _S.OBJECT: (
                '<tool_call>{"name": "list_files", "arguments": {"path": ".", "recursive": true',
                {_T.OBJECT_DONE: "}}", _T.OBJECT_BROKEN: " x", _T.CALL_CLOSE: "</tool_call>", **ENDS},
            ),
            _S.OBJECT_END: (
                _OBJECT,
                {
                    _T.SPACE: "\n",
                    _T.BRACE: "}",
                    _T.BRACKET: "]",
                    _T.NEXT_CALL: "{",
                    _T.CALL_CLOSE: "</tool_call>",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.BROKEN: (
                '<tool_call>{"name": "list_files", "arguments": {"path": ".", "recursive": true x',
                {_T.TEXT: "y", **ENDS},
            ),
        },
        {
            _S.OBJECT: ('<tool_call>{"name": ', {_T.OBJECT_ALIEN: '"nobody", "arguments": {"path": "."}}'}),
            _S.OBJECT_END: (_NAMED + "}", {_T.TOOL_CLOSE: "</function>"}),
        },
        {_S.OBJECT: (_NAMED, {_T.TOOL_CLOSE: "</function>"})},
    ],
    "deepseek": [
        {
            _S.OPENED: (_TOKENS, {_T.SPACE: "\n", _T.BRACE: "{", _T.TEXT: "x", **ENDS}),
            _S.OBJECT: (
                _TOKENS + '{"path": ".", "recursive": true',
                {_T.OBJECT_DONE: "}", _T.OBJECT_BROKEN: " x", _T.CALL_CLOSE: "<｜tool▁call▁end｜>", **ENDS},
            ),
            _S.OBJECT_END: (
                _TOKENS + '{"path": ".", "recursive": true}',
                {
                    _T.SPACE: "\n",
                    _T.BRACE: "}",
                    _T.BRACKET: "]",
                    _T.CALL_CLOSE: "```<｜tool▁call▁end｜>",
                    _T.TEXT: "x",
                    **ENDS,
                },
            ),
            _S.BROKEN: (_TOKENS + '{"path": ".", "recursive": true x', {_T.TEXT: "y", **ENDS}),
        },
        {
            _S.OBJECT: (
                "<｜tool▁calls▁begin｜>" + _TOKENS + '{"path": ".", "recursive": true',
                {_T.TOOL_CLOSE: "<｜tool▁call▁end｜>"},
            ),
            _S.OBJECT_END: (
                "<｜tool▁calls▁begin｜>" + _TOKENS + '{"path": ".", "recursive": true}',
                {_T.TOOL_CLOSE: "<｜tool▁call▁end｜>", _T.NEXT_CALL: "<｜tool▁call▁begin｜>"},
            ),
        },
        {_S.OBJECT: (_TOKENS + "{", {_T.OBJECT_ALIEN: '"nothing": 1}'})},
    ],
}

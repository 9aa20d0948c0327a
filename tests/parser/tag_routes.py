"""The routes through a call in tags: as `routes.py`, in the words of each dialect's spelling."""

from __future__ import annotations

from roobridge.spelling.states import State, Terminal

_S, _T = State, Terminal

_QWEN = {
    "safe": "<tool_call>\n<function=attempt_completion><parameter=result>a",
    "tool": "<tool_call>\n<function=execute_command>",
    "param": "<parameter=command>",
    "other": "<parameter=cwd>",
    "close": "</parameter>",
    "near": "</param>",
    "other_close": "</parameter>",
    "end": "</function>",
    "last": "</tool_call>",
    "holds": "<parameter=x></parameter>",
}

# How each tag dialect spells a call with two parameters.
SPELLING = {
    "roo-xml": {
        "safe": "<attempt_completion><result>a",
        "tool": "<execute_command>",
        "param": "<command>",
        "other": "<cwd>",
        "close": "</command>",
        "near": "</comand>",
        "other_close": "</cwd>",
        "end": "</execute_command>",
        "last": "</execute_command>",
        "holds": "<result></result>",
    },
    "wrapped": _QWEN,
    "bare": {
        **_QWEN,
        "safe": "<function=attempt_completion><parameter=result>a",
        "tool": "<function=execute_command>",
    },
}

MARK = "<|im_end|>"
# An end comes without a text.
ENDS = {_T.END: "", _T.CUT: ""}
_NEXT = "<list_files><path>"
_CHAIN = {
    _T.SPACE: "\n",
    _T.PARAM_OPEN: "{other}",
    _T.TOOL_CLOSE: "{end}",
    _T.MARK: MARK,
    _T.NEXT_CALL: _NEXT,
    _T.TEXT: "x",
    **ENDS,
}
_DOUBTED = {_T.SPACE: "\n", _T.MARK: MARK, _T.TEXT: "x", **ENDS}
_VALUE = "{tool}{param}a"
TAGS = {
    _S.OPENED: (
        "{tool}",
        {
            _T.SPACE: "\n",
            _T.PARAM_OPEN: "{param}",
            _T.TOOL_CLOSE: "{end}",
            _T.BRACE: "{{",
            _T.WORDS: "<i>",
            _T.TEXT: "x",
            **ENDS,
        },
    ),
    _S.AWAITING: (
        "{tool}<i>",
        {_T.SPACE: "\n", _T.WORDS: "x", _T.PARAM_OPEN: "{param}", _T.TEXT: _NEXT, **ENDS},
    ),
    _S.VALUE: (
        _VALUE,
        {
            _T.PARAM_CLOSE: "{close}",
            _T.NEAR_CLOSE: "{near}\n",
            _T.INNER_CLOSE: "{param}{close}",
            _T.PARAM_OPEN: " {other}",
            _T.TOOL_CLOSE: "{end}",
            _T.LATE_CLOSE: "</invoke>",
            _T.MARK: MARK,
            _T.CUT: "",
        },
    ),
    _S.CLOSING: (_VALUE + "{close}", {**_CHAIN, _T.PARAM_CLOSE: "{close}", _T.WORDS: "\nwords"}),
    _S.NEARLY: (_VALUE + "{near}", {**_CHAIN, _T.PARAM_CLOSE: "{close}", _T.LATE_CLOSE: "</invoke>"}),
    _S.ODD: (
        _VALUE + "{close}{other}b</file>",
        {**_CHAIN, _T.PARAM_OPEN: "{param}", _T.LATE_CLOSE: "</invoke>"},
    ),
    _S.BETWEEN: (
        _VALUE + "{close}\n<i>words</i>",
        {**_CHAIN, _T.WORDS: "more", _T.TEXT: "{close}"},
    ),
    _S.PARTING: (
        _VALUE + "{close}\nwords{end}",
        {**_DOUBTED, _T.WORDS: "more", _T.NEXT_CALL: "\n" + _NEXT, _T.TEXT: "{close}"},
    ),
    _S.INNER: (
        _VALUE + "{param}{close}",
        {
            _T.SPACE: "\n",
            _T.MARK: MARK,
            _T.PARAM_OPEN: "{other}",
            _T.PARAM_CLOSE: "{close}",
            _T.TOOL_CLOSE: "{end}",
            _T.TEXT: "x",
            _T.CUT: "",
        },
    ),
    _S.DOUBT: (
        _VALUE + "{param}{close}{end}",
        {**_DOUBTED, _T.WORDS: " words", _T.NEXT_CALL: _NEXT, _T.TEXT: "{close}"},
    ),
    _S.TAIL: (
        _VALUE + "{end}",
        {_T.SPACE: "\n", _T.MARK: MARK, _T.TEXT: "x", **ENDS},
    ),
    _S.REST: (_VALUE + MARK, {_T.SPACE: "\n", _T.MARK: MARK, _T.TEXT: "x", _T.CUT: ""}),
    _S.BROKEN: ("{tool}{other}b{other}{other_close}", {_T.TEXT: "y", **ENDS}),
}
# The same, in a value that holds no tags, of a call that lacks a required parameter.
_LINE = "{tool}{other}b"
LINES = {
    _S.VALUE: (_LINE, {_T.ODD_CLOSE: "</file>", _T.GARBLED: "{other}{other_close}"}),
    _S.CLOSING: (_LINE + "{other_close}", {_T.GARBLED: _NEXT}),
    _S.ODD: (_LINE + "</file>", {_T.GARBLED: _NEXT}),
    _S.BETWEEN: (_LINE + "{other_close}\nwords", {_T.GARBLED: _NEXT}),
}
# The same, in a value that does no harm when it is short.
SAFE = {
    _S.VALUE: ("{safe}", {_T.END: ""}),
    _S.REST: ("{safe}" + MARK, {_T.END: ""}),
    _S.INNER: ("{safe}{holds}", {_T.END: ""}),
}
# The same, where the value may only speak of the chain of closing tags.
SPOKEN = {
    _S.CLOSING: (_VALUE + "'{close}", {_T.DOUBTED_CLOSE: "{last}"}),
    _S.NEARLY: (_VALUE + "'{near}", {_T.DOUBTED_CLOSE: "{last}"}),
    _S.ODD: (_VALUE + "'</file>", {_T.DOUBTED_CLOSE: "{last}"}),
    _S.BETWEEN: (_VALUE + "{close}<i>words</i>", {_T.DOUBTED_CLOSE: "{last}"}),
    _S.CLOSED: (
        _VALUE + "'{close}{last}",
        {
            _T.SPACE: "\n",
            _T.WORDS: "words",
            _T.MARK: MARK,
            _T.PARAM_CLOSE: "{close}",
            _T.NEXT_CALL: "\n" + _NEXT,
            **ENDS,
        },
    ),
}
TWICE = {
    _S.BETWEEN: (_VALUE + "{close}\nwords", {_T.LATE_CLOSE: "{end}"}),
    _S.VALUE: ("{tool}{param}", {_T.PARAM_AGAIN: "\n{param}", _T.TAG_END: ">\n"}),
}
NEAR = {
    _S.TAIL: (_VALUE + "{end}", {_T.NEXT_CALL: _NEXT}),
    _S.NEARLY: ("{tool}{other}b</param>", {_T.GARBLED: _NEXT}),
    _S.INNER: (_VALUE + "<function=x>{param}{close}", {_T.INNER_CLOSE: "{end}"}),
}
QWEN = {
    state: (TAGS[state][0], {_T.CALL_CLOSE: "</tool_call>"})
    for state in (
        _S.VALUE,
        _S.CLOSING,
        _S.NEARLY,
        _S.ODD,
        _S.BETWEEN,
        _S.PARTING,
        _S.INNER,
        _S.DOUBT,
        _S.TAIL,
        _S.REST,
    )
}
# The same in a wrapper, or where one should stand.
SPOKEN_IN_WRAPPER = {
    _S.PARTING: (_VALUE + "{close} words{end}", {_T.DOUBTED_CLOSE: "{last}"}),
    _S.REST: (_VALUE + "{last}", {_T.NEXT_CALL: "\n" + _NEXT}),
}

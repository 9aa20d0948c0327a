"""The rows of all that stands outside calls, and of a call's beginning that belongs to no dialect yet."""

from __future__ import annotations

from types import MappingProxyType

from roobridge.spelling.rows import held
from roobridge.spelling.states import Action, State, Step, Table, Terminal

_S, _T, _A = State, Terminal, Action

CONTENT_TABLE: Table = MappingProxyType(
    {
        (_S.CONTENT, _T.TEXT): Step(_A.TEXT, _S.CONTENT),
        (_S.CONTENT, _T.BLOCK): Step(_A.BREAK, _S.CONTENT),
        (_S.CONTENT, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.CONTENT, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.COMPLETION),
        (_S.CONTENT, _T.ALIEN_OPEN): Step(_A.TEXT, _S.ALIEN),
        (_S.ALIEN, _T.TEXT): Step(_A.TEXT, _S.ALIEN),
        (_S.ALIEN, _T.TOOL_CLOSE): Step(_A.TEXT, _S.CONTENT),
        (_S.ASTRAY, _T.TEXT): Step(_A.TEXT, _S.ASTRAY),
        (_S.ASTRAY, _T.STRAY_NOISE): Step(_A.TEXT, _S.CONTENT),
        (_S.CONTENT, _T.CALL_OPEN): Step(_A.OPEN, _S.WRAPPED),
        (_S.CONTENT, _T.THINK_OPEN): Step(_A.SPEAK, _S.REASONING),
        # Qwen3-Thinking-2507's template opens the thinking itself: a reply holds only its end (model card).
        (_S.CONTENT, _T.THINK_END): Step(_A.ASIDE, _S.CONTENT, "missing_think_open"),
        (_S.CONTENT, _T.STRAY_CLOSE): Step(_A.HOLD, _S.STRAY),
        (_S.CONTENT, _T.STRAY_NOISE): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.CONTENT, _T.MARK): Step(_A.HOLD, _S.MARKED),
        (_S.CONTENT, _T.FENCE_OPEN): Step(_A.HOLD, _S.FENCE),
        (_S.CONTENT, _T.BRACE): Step(_A.KEEP, _S.LONE),
        (_S.CONTENT, _T.EXAMPLE_CALL): Step(_A.IGNORE, _S.EXAMPLE_END),
        (_S.CONTENT, _T.EXAMPLE_TEXT): Step(_A.REFUSE, _S.CONTENT),
        (_S.REASONING, _T.TEXT): Step(_A.THINK, _S.REASONING),
        (_S.REASONING, _T.THINK_CLOSE): Step(_A.SPEAK, _S.CONTENT),
        # Several closing tags in a row on one line are noise together.
        (_S.STRAY, _T.STRAY_CLOSE): Step(_A.HOLD, _S.STRAY),
        (_S.STRAY, _T.SPACE): Step(_A.HOLD, _S.STRAY),
        (_S.STRAY, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.STRAY, _T.STRAY_NOISE): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.STRAY, _T.END): Step(_A.DROP, _S.CONTENT, "stray_close"),
        (_S.STRAY, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
        (_S.MARKED, _T.SPACE): Step(_A.HOLD, _S.MARKED),
        (_S.MARKED, _T.MARK): Step(_A.DROP, _S.DROPPED, "end_mark"),
        (_S.MARKED, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.MARKED, _T.END): Step(_A.DROP, _S.CONTENT, "end_mark"),
        (_S.MARKED, _T.CUT): Step(_A.DROP, _S.CONTENT, "end_mark"),
        (_S.DROPPED, _T.TEXT): Step(_A.IGNORE, _S.DROPPED),
        (_S.FENCE, _T.TEXT): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCE, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.FENCE, _T.CALL_OPEN): Step(_A.OPEN, _S.WRAPPED),
        (_S.FENCE, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.FENCE, _T.BRACE): Step(_A.KEEP, _S.FENCED),
        (_S.FENCE, _T.END): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCE, _T.CUT): Step(_A.FENCE, _S.CONTENT),
        (_S.FENCED, _T.FENCE_CLOSE): Step(_A.IGNORE, _S.KEPT),
        (_S.LONE, _T.OBJECT_DONE): Step(_A.IGNORE, _S.KEPT),
        (_S.KEPT, _T.SPACE): Step(_A.KEEP, _S.KEPT),
        (_S.KEPT, _T.FENCE_CLOSE): Step(_A.KEEP, _S.KEPT),
        (_S.KEPT, _T.CALL_CLOSE): Step(_A.KEEP, _S.KEPT),
        (_S.KEPT, _T.MARK): Step(_A.KEEP, _S.KEPT, "end_mark"),
        # What may be the reply's last JSON call is text unless the reply ends with it. A fence that the
        # reply's end closes is closed all the same (CommonMark 0.31, 4.5).
        **{
            (state, terminal): Step(action, _S.CONTENT)
            for state in (_S.FENCED, _S.LONE, _S.KEPT)
            for terminal, action in ((_T.TEXT, _A.YIELD), (_T.END, _A.JUDGE), (_T.CUT, _A.YIELD))
        },
        **{
            key: row
            for state in (_S.EXAMPLE_END, _S.EXAMPLE_OVER)
            for key, row in {
                (state, _T.SPACE): Step(_A.IGNORE, state),
                (state, _T.FENCE_CLOSE): Step(_A.IGNORE, _S.EXAMPLE_OVER),
                (state, _T.STRAY_NOISE): Step(_A.IGNORE, state, "stray_close"),
                (state, _T.TEXT): Step(_A.REFUSE, _S.CONTENT),
                (state, _T.END): Step(_A.ADMIT, _S.CONTENT, "fenced_call"),
                (state, _T.CUT): Step(_A.REFUSE, _S.CONTENT),
            }.items()
        },
        (_S.EXAMPLE_END, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.EXAMPLE_END, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.EXAMPLE_END, _T.CALL_OPEN): Step(_A.OPEN, _S.WRAPPED),
        # Nothing is open that the reply's end could cut.
        **{
            (state, end): Step(_A.OVER, state)
            for state in (_S.CONTENT, _S.REASONING, _S.ALIEN, _S.ASTRAY, _S.DROPPED)
            for end in (_T.END, _T.CUT)
        },
        **held(_S.WRAPPED, _A.RELEASE),
        (_S.WRAPPED, _T.CALL_OPEN): Step(_A.HOLD, _S.WRAPPED),
        (_S.WRAPPED, _T.TOOL_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.WRAPPED, _T.COMPLETION_OPEN): Step(_A.OPEN, _S.OPENED),
        (_S.WRAPPED, _T.BRACE): Step(_A.READ, _S.OBJECT),
        (_S.WRAPPED, _T.BRACKET): Step(_A.HOLD, _S.WRAPPED),
        # The reply ends in an example whose call is not whole.
        **{(state, _T.EXAMPLE_CUT): Step(_A.REREAD, _S.CONTENT) for state in (_S.WRAPPED, _S.ASTRAY)},
    }
)

"""What an upstream is asked after a reply that broke off, or that called no tool."""

from __future__ import annotations

from typing import Any

import msgspec

from roobridge.bridge.opening import Opening
from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.ports import UpstreamRequest

_LAST_WORDS = 80  # characters

_GO_ON = (
    "Your reply broke off in the middle. Go on exactly where it stopped: the first character you write is "
    "the one that follows the last one above. Repeat nothing, open no code fence, write no introduction and "
    "no comment; only what is still missing{closing}. The last characters so far were: {last}"
)
_CLOSING = ", in the same form, with every closing {mark} of the call at its end"

_NO_TOOL = """\
[ERROR] You did not use a tool in your previous response! Please retry with a tool use.

{form}

If the task is done, call {completion}. If something is missing that only the user can say, ask for it with \
the tool for questions. Otherwise take the next step with the tool that fits. This message was written by a \
program; do not answer it in words."""
_XML_FORM = """\
A tool use is written as XML: the tool's name is the outer tag, and each parameter is a tag inside it. \
For example:

<{completion}>
<{param}>
What was done
</{param}>
</{completion}>"""
_NATIVE_FORM = "Tools are called by the means for tool calls that this interface offers."


def continuation(request: UpstreamRequest, opening: Opening, *, partial: bool) -> UpstreamRequest:
    """The request that asks an upstream to go on.

    partial: it continues a last assistant message marked so exactly (DashScope's partial mode, which does not
    think). An open call is continued as text, so tools are left out of the request then.
    """
    body = dict(request.body)
    if opening.call is not None:
        for field in ("tools", "tool_choice", "parallel_tool_calls"):
            body.pop(field, None)
    said: dict[str, Any] = {"role": "assistant", "content": opening.text}
    if partial:
        if body.get("enable_thinking"):
            body["enable_thinking"] = False
        body["messages"] = [*body["messages"], {**said, "partial": True}]
    else:
        body["messages"] = [*body["messages"], said, {"role": "user", "content": _instruction(opening)}]
    return msgspec.structs.replace(request, body=body)


def _instruction(opening: Opening) -> str:
    last = msgspec.json.encode(opening.text[-_LAST_WORDS:]).decode()
    mark = "quote, brace and tag" if opening.escaped else "tag"
    return _GO_ON.format(closing=_CLOSING.format(mark=mark) if opening.call else "", last=last)


def reminder(request: UpstreamRequest, answer: str, plan: Plan) -> UpstreamRequest:
    """The request that asks a model once more for a tool, after an answer that used none.

    The first sentence is Roo's own (v3.25 to v3.52), which models have met; the rest is worded here.
    """
    completion = plan.toolset.completion
    tool, param = (completion.tool, completion.param) if completion else ("", "")
    form = _XML_FORM if plan.kind is ClientKind.XML_AGENT else _NATIVE_FORM
    text = _NO_TOOL.format(form=form.format(completion=tool, param=param), completion=tool)
    messages = [
        *request.body["messages"],
        {"role": "assistant", "content": answer},
        {"role": "user", "content": text},
    ]
    return msgspec.structs.replace(request, body={**request.body, "messages": messages})

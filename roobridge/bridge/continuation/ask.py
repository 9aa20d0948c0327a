"""What an upstream is asked after a reply that broke off, that called no tool, or whose call cannot be
delivered."""

from __future__ import annotations

from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects import writing_of
from roobridge.grammar.model import Tool

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
_NO_CALL = """\
[ERROR] Your previous response could not be used. {why}

{form} Write the call once more in this form. If that cannot be, use another tool, or split it into smaller \
calls; if the task is done, call {completion}. This message was written by a program; do not answer it in \
words."""
_TOOLS_NAMED = 60  # of the tools, in a message to the model

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


def correction(request: UpstreamRequest, said: str, why: str, tried: str, plan: Plan) -> UpstreamRequest:
    """The request that asks a model once more for a call that could not be delivered.

    said: the reply. why: the Fail's message. tried: the tool that it tried to call, or empty. The line on the
    form is in the terms of the request: native tools where it has them, else the form that the prompt taught.
    """
    completion = plan.toolset.completion.tool if plan.toolset.completion else ""
    text = _NO_CALL.format(why=why, form=_form(request, tried, plan), completion=completion)
    words = [{"role": "assistant", "content": said}] if said.strip() else []
    messages = [*request.body["messages"], *words, {"role": "user", "content": text}]
    return msgspec.structs.replace(request, body={**request.body, "messages": messages})


def _form(request: UpstreamRequest, tried: str, plan: Plan) -> str:
    """One line on how a call of this tool is written."""
    tool = plan.toolset.tools.get(tried)
    known = (
        "" if tool is not None else f"The tools are: {', '.join(list(plan.toolset.tools)[:_TOOLS_NAMED])}. "
    )
    if plan.kind is ClientKind.XML_AGENT:
        return f"{known}A tool use is written as XML, the tool's name as the outer tag: {_as_xml(tool, plan)}"
    if request.body.get("tools"):
        return (
            f"{known}Call {tried if tool is not None else 'a tool'} by its name through the interface for "
            "tool calls, with its arguments as one JSON object; a call written as text does not count."
        )
    name = tried if tool is not None else "name_of_the_tool"
    params = _params(tool) if tool is not None else ["name_of_the_parameter"]
    written = writing_of(str(request.body.get("model", ""))).call(name, dict.fromkeys(params, "value"))
    return f"{known}A call is written thus, as the last thing in the reply:\n{written}\n"


def _as_xml(tool: Tool | None, plan: Plan) -> str:
    completion = plan.toolset.completion
    if tool is None:
        name, params = (completion.tool, [completion.param]) if completion else ("tool", ["parameter"])
    else:
        name, params = tool.name, _params(tool)
    return f"<{name}>{''.join(f'<{param}>value</{param}>' for param in params)}</{name}>."


def _params(tool: Tool) -> list[str]:
    return list(tool.required or tuple(tool.params)[:1])

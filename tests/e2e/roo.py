"""A Roo of our own without an editor: its loop, its reading rules and its tools on a scratch folder.

After what Roo 3.31, 3.36 and 3.52 were seen to do; every retry comes at once, where Roo counts down.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from tests.e2e.roo_hearing import Heard, ask, lenient_arguments
from tests.e2e.roo_prompt import (
    ALREADY_USED,
    Message,
    Variant,
    body,
    environment,
    headers,
    reproach,
    task,
)
from tests.e2e.roo_workspace import ToolError, Workspace
from tests.oracle.roo_native import NativeCall
from tests.oracle.roo_reader import ToolUse

_MISTAKE_LIMIT = 3


@dataclass
class Course:
    """How a task went. turns: requests, the SDK's own repetitions included. completion: shown to the user,
    None where there was none. stopped: why it ended otherwise. errors: shown to the user. refused: calls that
    were not run."""

    turns: int = 0
    reproaches: int = 0
    completion: str | None = None
    stopped: str = ""
    errors: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


class Roo:
    """One task at a time against an OpenAI-compatible server. base_url: ends in `/v1`."""

    def __init__(self, base_url: str, workspace: Workspace, variant: Variant) -> None:
        self._url = f"{base_url}/chat/completions"
        self._workspace = workspace
        self._variant = variant
        self._history: list[Message] = []
        self._course = Course()
        self._mistakes = 0

    async def run(self, words: str, *, most: int = 12) -> Course:
        """Work until the task is over. most: requests after which this is given up."""
        self._user(task(words, self._variant))
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            while self._goes_on(most):
                asked = body(self._history, self._variant)
                heard = await ask(client, self._url, asked, headers(self._variant))
                self._course.turns += heard.attempts
                self._course.heard.append(heard)
                if heard.error:
                    self._broken(heard)
                else:
                    self._answered(heard)
        return self._course

    def _goes_on(self, most: int) -> bool:
        if self._course.turns >= most:
            self._course.stopped = self._course.stopped or "never ended"
        elif self._mistakes >= _MISTAKE_LIMIT:
            self._course.stopped = "mistake limit"
        return self._course.completion is None and not self._course.stopped

    def _broken(self, heard: Heard) -> None:
        """Nothing of the reply is kept. After content Roo asks again by itself, whoever approves what."""
        self._course.errors.append(heard.error)
        if heard.anything or self._variant.auto_approve:
            self._new_clock()
        else:
            self._course.stopped = "asks the user"

    def _answered(self, heard: Heard) -> None:
        if not heard.text and not heard.fragments:
            self._broken(Heard(error="The language model did not provide any assistant messages."))
        elif self._variant.native:
            self._answered_natively(heard)
        else:
            self._answered_in_xml(heard)

    def _answered_in_xml(self, heard: Heard) -> None:
        self._history.append({"role": "assistant", "content": heard.spoken})
        uses = heard.xml_calls(self._variant.version)
        if not uses:
            self._without_tool()
            return
        first, *later = uses
        parts = [{"type": "text", "text": f"[{first.name}] Result:\n{self._use(first)}"}]
        parts += [{"type": "text", "text": self._refuse(use.name)} for use in later]
        self._user(parts)

    def _answered_natively(self, heard: Heard) -> None:
        calls = heard.native_calls()
        if not calls:
            self._history.append({"role": "assistant", "content": heard.spoken})
            self._without_tool()
            return
        said = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
        self._history.append({"role": "assistant", "content": heard.spoken, "tool_calls": said})
        for at, call in enumerate(calls):
            refused = at > 0 and self._variant.one_tool
            result = self._refuse(call.name) if refused else self._use(call)
            self._history.append({"role": "tool", "tool_call_id": call.id, "content": result})
        self._user([])

    def _without_tool(self) -> None:
        self._course.reproaches += 1
        self._mistakes += 1
        self._user([{"type": "text", "text": reproach(native=self._variant.native)}])

    def _refuse(self, name: str) -> str:
        self._course.refused.append(name)
        return f"Tool [{name}] {ALREADY_USED}"

    def _use(self, call: ToolUse | NativeCall) -> str:
        params = call.params if isinstance(call, ToolUse) else lenient_arguments(call)
        try:
            result = self._complete(params) if call.name == "attempt_completion" else None
            result = result or self._workspace.run(call.name, params)
        except ToolError as error:
            self._mistakes += 1
            return f"<error>\n{error}\n</error>"
        self._mistakes = 0
        return result

    def _complete(self, params: dict[str, str]) -> str:
        result = str(params.get("result", ""))
        if not result.strip():
            raise ToolError("Missing value for required parameter 'result'.")
        self._course.completion = result
        return "completed"

    def _user(self, parts: list[Message]) -> None:
        self._history.append({"role": "user", "content": [*parts, environment(self._course.turns)]})

    def _new_clock(self) -> None:
        """The same request again, but for the time in it."""
        last = self._history[-1]
        kept = last["content"][:-1]
        self._history[-1] = {"role": "user", "content": [*kept, environment(self._course.turns)]}

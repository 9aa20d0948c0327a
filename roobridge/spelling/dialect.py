"""What a dialect says of itself: its spelling and its table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

import msgspec

from roobridge.grammar.model import Param, Tool, Toolset
from roobridge.spelling.closers import Level
from roobridge.spelling.scanner import Found, Loose
from roobridge.spelling.states import State, Table, Terminal


class Position(Enum):
    """Where a call may begin."""

    CONTENT = auto()  # outside every call and wrapper
    WRAPPER = auto()  # behind a wrapper's opening literal


class Holds(Enum):
    """What the JSON object of a dialect holds."""

    CALL = auto()  # the tool's name and the arguments
    ARGUMENTS = auto()  # the arguments alone; the tool is named before it


class Given(msgspec.Struct, frozen=True):
    """A parameter of a call that broke off. text: decoded, as far as it came."""

    name: str
    text: str
    closed: bool


class Writing(msgspec.Struct, frozen=True, eq=False):
    """How an upstream is taught a dialect, and reads the calls of its own history in it.

    models: the names of the models that were trained on it. taught: the instructions of a prompt that has
    the tools as text. listed(tool): a tool of an OpenAI `tools` array, as the models' template lists it.
    call(name, arguments): a whole call. response: the element that a tool's result stands in.
    """

    models: re.Pattern[str]
    taught: str
    listed: Callable[[Mapping[str, Any]], str]
    call: Callable[[str, Mapping[str, Any]], str]
    response: str

    def result(self, text: str) -> str:
        """What a tool answered, as a user's message has it."""
        return f"<{self.response}>\n{text}\n</{self.response}>"


def keeps_space(param: Param) -> bool:
    """White space in a value is the model's, but for one newline at each end."""
    return False


class Dialect(msgspec.Struct, frozen=True, eq=False):
    """A way of writing tool calls as tags or as a JSON object; one object each, so that it can be a key.

    name: the word in `CallStart.dialect`. table: the rows of its states. begins: where its calls may begin.
    around: the wrappers' own opening literals and their closing ones. holds: what its object holds; None
    where its calls are tags. object_closes: what stands behind an object of arguments. object_next: what
    begins the next such call in the same wrapper.
    trims(param): white space at both ends of its value is markup; else one newline is. strict_space: more
    than that newline is a slip, and named.
    The spellings are format strings for a name; call_close is empty where no wrapper is open. An opener may
    begin with any character: text that holds another one than `<` is read at half the speed then.
    other_tools: further openers of a tool. any_tool: what a tool's opening tag begins with, declared or not.
    any_parameter: the same of a parameter's; every name counts. noise: closing tags that are none of the
    words where nothing is open.
    loose_tool, loose_param: the openers as models misspell them.
    other_params: opening and closing tags of parameters in dialects that models mix with this one.
    closers: words that stand in closing tags of each level beside the right one, in such mixtures.
    """

    name: str
    table: Table
    begins: frozenset[Position]
    trims: Callable[[Param], bool] = keeps_space
    around: Mapping[str, str] = MappingProxyType({})
    holds: Holds | None = None
    object_closes: tuple[str, ...] = ()
    object_next: str = ""
    strict_space: bool = False
    tool_open: str = ""
    tool_close: str = ""
    param_open: str = ""
    param_close: str = ""
    call_open: str = ""
    call_close: str = ""
    other_tools: tuple[str, ...] = ()
    any_tool: str = ""
    any_parameter: str = ""
    noise: tuple[str, ...] = ()
    loose_tool: Loose | None = None
    loose_param: Loose | None = None
    other_params: tuple[tuple[str, str], ...] = ()
    closers: Mapping[Level, frozenset[str]] = MappingProxyType({})
    writing: Writing | None = None

    def __post_init__(self) -> None:
        """Raises ValueError: one tool's opener would be the beginning of another's, and read by the cut."""
        if any(form.endswith("{}") for form in (self.tool_open, *self.other_tools)):
            raise ValueError(f"the opener of a tool in {self.name} must not end with the tool's name")

    def openers(self, toolset: Toolset) -> dict[str, Found]:
        """The literals that begin a candidate in content."""
        return self._begun(toolset) if Position.CONTENT in self.begins else {}

    def inner(self, toolset: Toolset) -> dict[str, Found]:
        """The literals that begin a candidate behind a wrapper's opening literal."""
        return self._begun(toolset) if Position.WRAPPER in self.begins else {}

    def _begun(self, toolset: Toolset) -> dict[str, Found]:
        # The object says which tool it calls: its name is not known until it is read.
        if self.holds is Holds.CALL:
            return {"{": Found(Terminal.BRACE, dialect=self)}
        completion = toolset.completion.tool if toolset.completion and self._has_loose_completion else ""
        return {
            form.format(name): Found(
                Terminal.COMPLETION_OPEN if name == completion else Terminal.TOOL_OPEN, name, self
            )
            for form in (self.tool_open, *self.other_tools)
            for name in toolset.tools
        }

    @property
    def _has_loose_completion(self) -> bool:
        """Text may stand in its completion outside every parameter."""
        return (State.COMPLETION, Terminal.TEXT) in self.table

    def param_openers(self, tool: Tool) -> dict[str, str]:
        """Literal to name, for every declared parameter, in every spelling of this dialect."""
        formats = (self.param_open, *(opening for opening, _ in self.other_params))
        return {form.format(name): name for form in formats for name in tool.params}

    def close_of(self, opener: str, name: str) -> str:
        """The closing tag of a parameter that was opened with this literal."""
        for opening, closing in self.other_params:
            if opener == opening.format(name):
                return closing.format(name)
        return self.param_close.format(name)

    def reopening(self, name: str) -> str:
        """A regular expression for the beginning of a call of this tool, for a call that is told again."""
        wrapper = rf"(?:{'|'.join(map(re.escape, self.around))})\s*" if self.around else ""
        if self.holds is Holds.CALL:
            # An object is known for a call by its wrapper alone; several may stand in an array.
            return rf"{wrapper}(?:\[\s*)?\{{"
        forms = (self.tool_open, *self.other_tools)
        # Models leave an attribute's quotes out, or take the other ones.
        opener = "|".join(re.escape(form.format(name)).replace('"', "[\"']?") for form in forms)
        return f"(?:{wrapper})?(?:{opener})" if wrapper else f"(?:{opener})"


def openings(dialects: Iterable[Dialect]) -> Mapping[str, str]:
    """What a call begins with in these dialects, up to the tool's name, and what closes it. A tool's own tag
    alone, which is its name and nothing else, is none.
    """
    pairs: dict[str, str] = {}
    for dialect in dialects:
        pairs.update(dialect.around)
        head = dialect.tool_open.partition("{}")[0]
        if len(head) > 1:
            pairs[head] = dialect.tool_close or next(iter(dialect.object_closes), "")
    return MappingProxyType(pairs)

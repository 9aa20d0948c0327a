"""What makes a sign of a call an attempt at one: what stands behind it, and on its line.

`attempt.py` finds the signs and knows where they stand; here they are judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from roobridge.grammar.model import Toolset
from roobridge.policy import attempt_signs as signs
from roobridge.policy.attempt_objects import Objects, past

# Every look around a sign is bounded, or a text of nothing but signs would be read in quadratic time.
LINE = 400  # characters of a line that are looked at
_ELEMENTS = frozenset({"tool", "call", "action"})  # names of plain elements, too


class Evidence:
    """Of one whole text. Signs are judged from left to right. openings: as `find_attempt` has them."""

    def __init__(self, text: str, toolset: Toolset, openings: Mapping[str, str]) -> None:
        self._text = text
        self._tools = toolset.tools
        self._names = frozenset(toolset.tools) | toolset.read_tools
        self._plain = {signs.plain(name): name for name in sorted(self._names)}
        completion = toolset.completion.param if toolset.completion is not None else ""
        self._elements = frozenset(
            name for tool in self._tools.values() for name in tool.params if name != completion
        )
        self.objects = Objects(text, toolset, self._names, self._declared)
        self.signs = signs.signs(self._names, self._elements, frozenset(openings))
        self._openings = openings
        self._first = len(text) - len(text.lstrip())
        self._object_last = text.rstrip()[-1:] in ("}", "]")
        self._mentioned = False  # an opener stood before that opens nothing
        self._found: dict[str, int] = {}

    def judge(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """The name that the sign's call has, or may have; None where it is no evident call."""
        if sign["json"]:
            return self._object(sign, begins=begins)
        if sign["react"]:
            return self._declared(sign["acts"])
        if signs.PLACEHOLDER.match(self._text, self._past(sign.end())):
            name = None
        elif sign["element"]:
            return "" if begins and self._is_bare_parameter(sign) else None
        elif sign["tool"]:
            return self._tool(sign, begins=begins)
        elif sign["token"]:
            return self._token(sign, begins=begins)
        elif sign["opening"]:
            return self._opening(sign, begins=begins)
        elif sign["kind"]:
            name = self._named(sign, begins=begins)
        else:
            name = self._wrapper(sign, begins=begins)
        self._mentioned = self._mentioned or name is None
        return name

    def _object(self, sign: re.Match[str], *, begins: bool) -> str | None:
        text, at = self._text, sign.start()
        if not begins:
            # Within a line only where the line announces it and the reply ends with it.
            line = text[max(0, at - LINE) : at].rpartition("\n")[2]
            if not self._object_last or not signs.ANNOUNCES.search(line) or signs.EXPLAINS.search(line):
                return None
        name = self.objects.name_at(at)
        return name if name in self._tools else None

    def _named(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """<function=NAME>, <invoke name="NAME">, <parameter=NAME>."""
        kind, written = sign["kind"].lower(), sign["named"]
        declared = self._declared(written)
        if kind in ("parameter", "param"):
            closes = self.find(f"</{sign['kind']}", sign.end()) >= 0
            alone = begins and closes and not self._mentioned
            return "" if alone and self._ends_line(sign.end()) else None
        if declared is None and signs.NO_NAME.match(written):
            return None
        goes_on = self._goes_on(sign.end()) or (declared is not None and self._parameter_below(sign.end()))
        if not goes_on and begins:
            end, closed = sign.end(), self.find(f"</{sign['kind']}", sign.end()) >= 0
            lone = self._line_ends(end) and (declared is not None or closed)
            goes_on = lone or sign["end"] == "/>" or (closed and not self._text[end].isspace())
        if not goes_on or (declared is None and kind in _ELEMENTS and not self._inner(sign)):
            return None
        return self._placed(sign, f"</{sign['kind']}", declared or written, begins=begins)

    def _parameter_below(self, at: int, params: frozenset[str] = frozenset()) -> bool:
        """Words end the opener's line, and the next one begins with a parameter."""
        words = signs.WORDS_BELOW.match(self._text, at)
        found = signs.PARAMETER.match(self._text, words.end()) if words is not None else None
        return found is not None and (found[1] is None or found[1] in params)

    def _inner(self, sign: re.Match[str]) -> bool:
        """What follows is an object or a parameter, and no element of another kind."""
        at = self._past(sign.end())
        found = signs.PARAMETER.match(self._text, at)
        return self._text[at : at + 1] == "{" or (found is not None and found[1] is None)

    def _is_bare_parameter(self, sign: re.Match[str]) -> bool:
        """A parameter's element that ends the reply, or that another one or the tool's close follows: its
        tool's opener is lost."""
        close = f"</{sign['element']}>"
        closed = self.find(close, sign.end())
        if closed < 0:
            return False
        behind = self._past(closed + len(close))
        tool = signs.CLOSE.match(self._text, behind)
        if tool is not None and tool[1] in self._names:
            return True
        following = self.signs.match(self._text, behind)
        return behind == len(self._text) or (following is not None and following["element"] is not None)

    def _wrapper(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """<tool_call>, <tools>, and their like."""
        name = self._name_behind(sign.end())
        close = f"</{sign['sure'] or sign['loose']}"
        if name is not None:
            return self._placed(sign, close, name, begins=begins)
        behind = self.signs.match(self._text, self._past(sign.end()))
        form = behind is not None and behind["kind"] and signs.NO_NAME.match(behind["named"])
        if form or (behind is not None and behind["json"] and self.objects.left_open(behind.start())):
            return None  # the form, with words in the place of names or values
        alone = sign["sure"] and self._stands_alone(sign, close, begins=begins)
        return "" if alone else None

    def _token(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """A token of its own, which has no close: [TOOL_CALLS], <|tool_call|>."""
        text, at = self._text, self._past(sign.end())
        name = self._name_behind(sign.end())
        next_token = self.signs.match(text, at)
        tokens = text.startswith("function<", at) or (next_token is not None and next_token["token"])
        if begins and (tokens or (name and text.startswith(name, at))):
            return name or ""
        if name is None and not (at == len(text) or text[at] in "{[<"):
            return None
        return self._placed(sign, "", name or "", begins=begins)

    def _opening(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """What a call begins with in a dialect that no pattern here knows: evident where a tool is named
        behind it, or where it begins its line and is closed.
        """
        end, close = sign.end(), self._openings[sign["opening"]]
        name = self._name_behind(end)
        if name is None and not (begins and self.find(close, end) >= 0):
            return None
        written = signs.WORD.match(self._text, end)
        return self._placed(sign, close, name or (written[0] if written is not None else ""), begins=begins)

    def _stands_alone(self, sign: re.Match[str], close: str, *, begins: bool) -> bool:
        """An opener without a call behind it: evident where nothing else explains it."""
        text, end = self._text, sign.end()
        at = self._past(end)
        if at == len(text):
            before = text[: sign.start()].rstrip()[-1:]
            return begins or (before != "" and before in ".!。！")
        if not begins:
            return False
        closed = self.find(close, end)
        if self._line_ends(end):
            first = sign.start() == self._first and not text[at].islower()
            return first or text[at] in "{[<" or (closed >= 0 and self._close_ends_line(closed))
        newline = self.find("\n", end)
        direct = not text[end].isspace() or newline < 0 or closed < newline
        return closed >= 0 and direct and self._close_ends_line(closed)

    def _tool(self, sign: re.Match[str], *, begins: bool) -> str | None:
        """A tool's own tag."""
        text, end, written = self._text, sign.end(), sign["tool"]
        name = self._plain[signs.plain(written)]
        # `<read_file>` is nobody's element; `<skill>` or `<edit>` (Roo 3.48) may be HTML, XML or JSX.
        unmistakable = "_" in name or "-" in name
        if written != name and not unmistakable:
            return None
        tool = self._tools.get(name)
        params = frozenset(tool.params) if tool is not None else frozenset()
        close = f"</{written}"
        found = signs.PARAMETER.match(text, self._past(end))
        inside = found is not None and (found[1] is None or found[1] in params or found[1] == "args")
        inside = inside or (
            text[self._past(end) : self._past(end) + 1] == "{" and self.objects.has_key(end, params)
        )
        inside = inside or (begins and self._parameter_below(end, params))
        given = {part.rpartition(" ")[2].strip() for part in sign["attributes"].split("=")[:-1]}
        if inside:
            return self._placed(sign, close, name, begins=begins)
        if not begins or not (unmistakable or given & params):
            return None
        closed = self.find(close, end)
        if given or sign["close"] == "/>":
            return name if self._ends_line(end) else None
        if closed >= 0 and self._close_ends_line(closed):
            direct = end < len(text) and not text[end].isspace()
            return name if self._line_ends(end) or direct else None
        return name if self._past(end) == len(text) else None

    # -- evidence --------------------------------------------------------------------------------------

    def _placed(self, sign: re.Match[str], close: str, name: str, *, begins: bool) -> str | None:
        """The name, unless words go on behind the call on its line, or it stands within a line for good."""
        text, end = self._text, sign.end()
        newline = self.find("\n", end)
        line = len(text) if newline < 0 else newline
        closed = self.find(close, end) if close else -1
        if closed >= 0 and not self._close_ends_line(closed):
            return None
        if self._past(end) < line:
            last = max(text.rfind(c, max(end - 1, line - LINE), line) for c in ">}]")
            tail = last < 0 or (closed < 0 and not self._ends_line(last + 1))
            return None if tail or (not begins and 0 <= line < closed) else name
        return name

    def _ends_line(self, at: int) -> bool:
        """Whether the line ends here, or a new sentence begins."""
        behind = signs.BEHIND.match(self._text, at)
        char = behind[1] if behind is not None else ""
        return char in ("", "\n", "<") or char.isupper()

    def _close_ends_line(self, at: int) -> bool:
        """The same behind the closing tag at this point."""
        after = self._text.find(">", at, at + 120)
        return self._ends_line(after + 1 if after >= 0 else len(self._text))

    def _line_ends(self, at: int) -> bool:
        return signs.LINE_END.match(self._text, at) is not None

    def _goes_on(self, at: int) -> bool:
        """What follows is an object, or a tag."""
        i = self._past(at)
        return i == len(self._text) or self._text[i] in "{[<"

    def _name_behind(self, at: int) -> str | None:
        """The tool that is named directly behind a wrapper, declared or not; None where none is."""
        text, i = self._text, self._past(at)
        if i == len(text):
            return None
        if text[i] in "`~":
            i = self._past(signs.FENCE_HEAD.match(text, i).end())  # type: ignore[union-attr]
        if text[i : i + 1] in ("{", "["):
            return self.objects.name_at(i)
        if text[i : i + 1] == "<":
            element = signs.NAME_ELEMENT.match(text, i)
            if element is not None:
                return self._declared(element[1])
            sign = self.signs.match(text, i)
            if sign is None or signs.PLACEHOLDER.match(text, sign.end()):
                return None
            if sign["tool"]:
                return self._plain[signs.plain(sign["tool"])]
            if not sign["kind"] or sign["kind"].lower() in _ELEMENTS:
                return None
            if signs.NO_NAME.match(sign["named"]):
                return None
            return self._declared(sign["named"]) or sign["named"]
        word = signs.WORD.match(text, i)
        return self._declared(word[0]) if word is not None else None

    def _declared(self, written: str) -> str | None:
        # A name may be qualified, as in `functions.read_file`.
        name = self._plain.get(signs.plain(written.rpartition(".")[2]))
        return name if name is not None and (written == name or "_" in name or "-" in name) else None

    def _past(self, at: int) -> int:
        """Behind the white space at this point."""
        return past(self._text, at)

    def find(self, word: str, at: int) -> int:
        """`find`, for points that grow: the text is searched once for each word."""
        known = self._found.get(word)
        if known is None or 0 <= known < at:
            known = self._found[word] = self._text.find(word, at)
        return known

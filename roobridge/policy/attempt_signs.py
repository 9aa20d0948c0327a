"""The signs by which text shows that it tries to call: the openers of every dialect, and JSON that names a
tool. Patterns only; what they mean where they stand is decided in `attempt.py`.

Sources: the chat templates of Qwen 2.5, Qwen 3 and Qwen3-Coder, Qwen-Agent, DeepSeek, Mistral and Kimi; the
clients' own tags; and the loose spellings of these that models write (`<tool>`, `<call_tool>`, `<tools>`).

Every quantifier that could meet itself again is bounded, so that a text is read in linear time.
"""

from __future__ import annotations

import re
from functools import lru_cache

_START = "<[{✿"
REACT = re.compile(r"^[ \t]{0,3}(?:Action|Tool)[ \t]{0,3}:", re.MULTILINE)

# Wrappers that nobody writes but for a call; the other ones also name plain elements of HTML and XML.
_SURE = (
    r"tool[-_]?calls?|function[-_]?calls?|tool[-_]?use|use[-_]?tool|call[-_]?tool|tool[-_]?request|"
    r"execute[-_]?tool|tool[-_]?invocation|tool[-_]?code"
)
_SPACE = r"(?:[\w-]{1,20}:)?"  # the name space of an XML name
_LOOSE = r"tools?|functions?|action|call|invoke"

_WRAPPER = (
    rf"<{_SPACE}(?:(?P<sure>{_SURE})(?:[ \t][^<>\n]{{0,120}})?|(?P<loose>{_LOOSE}))"
    r"[ \t]{0,8}(?:>|(?=\n)|\Z)"
    r"|(?P<token>(?:<[|｜](?:python_tag|tool[\w▁_]{0,40})[|｜]>|\[TOOL_(?:CALLS?|REQUEST)\]|✿FUNCTION✿)"
    r"[ \t]*:?)"
)
_NAMED = (
    rf"<{_SPACE}(?P<kind>function|invoke|tool|call|action|parameter|param|{_SURE})"
    r"(?:[ \t]{0,3}=[ \t]{0,3}|[ \t]{1,3}name[ \t]{0,3}=[ \t]{0,3})"
    r"[\"'<]?(?P<named>[^\s<>\"'/=]{0,100})(?P<rest>[^<>\n]{0,200})(?P<end>/?>)?"
)
_JSON = r"(?P<json>\[?\s{0,20}\{{1,2}\s{0,80}\\?[\"']?\s{0,3}[\w$-]{1,60}\\?[\"']?\s{0,20}[:=\"'])"
# The form of Qwen-Agent's ReAct prompt (qwen_agent/agents/react_chat.py), and what models make of it.
_REACT = (
    r"(?P<react>[ \t]{0,3}(?:Action|Tool)[ \t]{0,3}:[ \t]{0,8}(?P<acts>[\w.-]{1,80})[ \t\r]{0,8}"
    r"\n\s{0,8}(?:Action Input|Input|Arguments|Args)[ \t]{0,3}:)"
)

# Members of an object that names a tool, and of one that gives its arguments.
NAMES = re.compile(
    r"[\"'](?:name|tool|tool_name|function|function_name|recipient_name|action)[\"']\s{0,20}:\s{0,20}"
    r"[\"']([^\"'\n]{0,100})[\"']"
)
ARGUMENTS = re.compile(
    r"[\"'](?:arguments|args|parameters|params|input|tool_input|action_input|kwargs)[\"']\s{0,20}:"
)
MEMBER = re.compile(r"[\"']([\w$-]{1,60})[\"']\s{0,20}:")
# The same where quotes, colons or commas are wrong.
BROKEN_NAMES = re.compile(
    r"\{[^{}]{0,100}?\b([\w.-]{3,100})\b[^\w{}]{1,20}(?:arguments|args|parameters|params|input|tool_input)\b"
)
# An object that ends behind its tool's name.
CUT_NAME = re.compile(
    r"\[?\s{0,20}\{[\s\"']{0,80}name[\"']?\s{0,20}:\s{0,20}[\"']?([\w.-]{3,100})[\"']?"
    r"[\s,\"'`]{0,20}(?:\w{1,12}[\"']?[\s:{]{0,20})?\Z"
)
# A declaration of a tool, not a call of it.
SCHEMA = re.compile(
    r"[\"'](?:parameters|input_schema|inputSchema)[\"']\s{0,20}:\s{0,20}\{\s{0,80}"
    r"[\"'](?:type|properties|\$schema|required)[\"']\s{0,20}:\s{0,20}(?:[\"']object[\"']|[\[{])"
    r"|[\"']input_?[sS]chema[\"']"
)

# What stands where a value or a name would, in a text that explains the form.
PLACEHOLDER = re.compile(
    r"(?:<(?:parameter=)?[\w-]{1,60}>)?\s{0,20}(?:\.\.\.|…)\s{0,20}(?:<|\Z)"
    r"|[\[{]\s{0,20}(?:\.\.\.|…)"
    r"|\{\s{0,20}[\"']name[\"']\s{0,20}:\s{0,20}(?:<|[\"']?(?:\.\.\.|…|<|\$\{|\{))"
    r"|\{\{(?!\s{0,20}\\?[\"']\w)|\{%"
)
# Arguments that are left open.
OPEN_ARGUMENTS = re.compile(
    r"[\"'](?:arguments|args|parameters|params|input)[\"']\s{0,20}:\s{0,20}\{?\s{0,20}(?:\.\.\.|…)"
)
NO_NAME = re.compile(
    r"(?:\.\.\.|…|name|(?:[a-z]{1,20}[-_])?(?:tool|function|func|parameter|param)[-_]?(?:name)?"
    r"|(?:name_of|example|your)_?\w{0,40}|x|foo|bar|\W*)\Z",
    re.IGNORECASE,
)

# An element that names the tool: <name>read_file</name>.
NAME_ELEMENT = re.compile(
    r"<(?:name|tool_name|tool|function|function_name|recipient_name)>\s{0,20}([\w.-]{1,100})\s{0,20}<"
)
WORD = re.compile(r"[\w.-]{1,100}")
PARAMETER = re.compile(r"<(?:(?:parameter|param|arg)(?:[ \t]{0,3}=|[ \t]{1,3}name)|(\w{1,60})(?=[\s/>=]))")

# Words behind an opener on its line, and the next line's beginning.
WORDS_BELOW = re.compile(r"[^<\n]{1,200}\n\s{0,20}")
CLOSE = re.compile(r"</([\w-]{1,60})>")

# White space and emphasis before a call that begins its line, also in a list.
LINE_START = re.compile(r"[ \t]*+(?:(?:[-*+•]|\d{1,3}[.)])[ \t]++)?(?:\*\*|__|\*)?[ \t]*+\Z")
LINE_START_ROOM = 40

# Behind a call: more tags, and then the line's end or a new sentence.
_CLOSERS = r"(?:[ \t\r*_]|</?[\w:=-]{1,60}>){0,60}"
BEHIND = re.compile(rf"{_CLOSERS}(.|\n|\Z)", re.DOTALL)
LINE_END = re.compile(r"[ \t\r*_]{0,60}(?:\n|\Z)")
FENCE_HEAD = re.compile(r"\s*(?:[`~]{3,64}\w{0,20}\s*)?")
FENCE_END = re.compile(r"[\s`~]*\Z")

# Words that announce a call, and words that announce an example.
ANNOUNCES = re.compile(
    r"\b(?:I(?:['’]ll| will| am going to|['’]m going to| need to)|let me|let['’]s|now I)\b"
    r"|我将|我会|我来|我先|让我|我需要|接下来|现在我",
    re.IGNORECASE,
)
EXPLAINS = re.compile(
    r"example|format|\bforms?\b|show|look|template|syntax|document|explain|illustrat|demonstrat|sample|"
    r"\bwritten\b|\bwrites?\b|instance|例|格式|示|展|说明|写成|形式",
    re.IGNORECASE,
)


@lru_cache(maxsize=8)
def starts(openings: frozenset[str], *, react: bool) -> re.Pattern[str]:
    """Where a sign may begin. react: REACT stands in the text. A set of characters alone is searched for five
    times as fast as anything else.
    """
    first = {*_START, *(opening[0] for opening in openings)}
    chars = f"[{''.join(map(re.escape, sorted(first)))}]"
    return re.compile(f"{chars}|{REACT.pattern}" if react else chars, re.MULTILINE)


@lru_cache(maxsize=64)
def signs(names: frozenset[str], params: frozenset[str], openings: frozenset[str]) -> re.Pattern[str]:
    """What a sign may be at a place that `starts` found. names: of the tools, which may be misspelled in case
    and underscores. params: of their parameters. openings: what calls begin with in further dialects.
    """
    spelled = "|".join(_spelling(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    tag = (
        rf"<{_SPACE}(?P<tool>{spelled or '(?!)'})(?=[\s/>=]|\Z)"
        r"(?P<attributes>[^<>\n]{0,300})(?P<close>/?>)?"
    )
    element = rf"<(?P<element>{_either(params)})>"
    opening = rf"(?P<opening>{_either(openings)})"
    return re.compile(f"{tag}|{_NAMED}|{_WRAPPER}|{element}|{_JSON}|{_REACT}|{opening}", re.IGNORECASE)


@lru_cache(maxsize=64)
def pythonic(names: frozenset[str]) -> re.Pattern[str]:
    """A stripped reply that is one call as Python writes it, or the tool's name above an object."""
    spelled = "|".join(map(re.escape, sorted(names)))
    python = rf"\[?(?:\w{{1,40}}\.)?({spelled})\(\s*(?:\w+\s*=|\{{|[\"'])[^\n]*(?:\n.*)?\)\]?"
    named = rf"(?:`{{3}})?({spelled})[ \t]*\n\s*\{{.*\}}(?:\s*`{{3}})?"
    return re.compile(f"{python}|{named}", re.DOTALL)


def _either(literals: frozenset[str]) -> str:
    """One of these, the longest first; nothing where there are none."""
    return "|".join(re.escape(each) for each in sorted(literals, key=lambda it: (-len(it), it))) or "(?!)"


def _spelling(name: str) -> str:
    return re.escape(name).replace("_", "[-_]?")


def plain(name: str) -> str:
    """A name as it is compared where its spelling is loose."""
    return name.lower().replace("_", "").replace("-", "")

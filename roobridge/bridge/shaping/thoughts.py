"""What models thought in their last turns, for as long as there is room.

A reply is known by its place: whose it is, which model's, and what stands before it in the conversation
(`thinking.places`). That survives all that a bridge and a client do to a reply: another dialect, other ids,
an answer wrapped in a call. Where a place was answered more than once (a task begun twice, a reply that was
cancelled), the words tell the replies apart; where they fit none, no reasoning is better than a wrong one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from roobridge.bridge.ports import Delta, UpstreamRequest
from roobridge.bridge.request.chat import Message, is_function, texts_of
from roobridge.bridge.request.identity import owner_of
from roobridge.bridge.shaping.thinking import places, with_reasoning

REPLIES = 10_000  # each takes about 300 bytes beside its reasoning
SIZE = 32 << 20  # bytes of reasoning: some thousand turns at 2 to 10 KB
LONGEST = 1 << 20  # characters of one reply's reasoning, three times the largest budgets; no half is kept
WORDS = 1 << 16  # characters of a reply; longer ones are not told apart, for it would take milliseconds
_ALIKE = 8  # replies kept of one place

_TAG = re.compile(r"<[^<>]*>")


class Kept(msgspec.Struct, eq=False):
    """The reasoning of one reply, in UTF-8, and the digest of its words, empty until all are heard."""

    reasoning: bytes
    words: bytes = b""


class Thoughts:
    """The replies of one process, the ones used last. replies, size: how many, and how many bytes."""

    def __init__(self, replies: int = REPLIES, size: int = SIZE) -> None:
        self._most = replies
        self._room = size
        self._count = 0
        self._size = 0
        self._kept: OrderedDict[bytes, list[Kept]] = OrderedDict()  # by place, the one used last at the end

    def keep(self, place: bytes, reply: Kept) -> None:
        """Keep one more reply of a place; the oldest ones make room."""
        alike = self._kept.setdefault(place, [])
        self._kept.move_to_end(place)
        alike.append(reply)
        self._add(reply, 1)
        if len(alike) > _ALIKE:
            self._add(alike.pop(0), -1)
        while self._count > self._most or self._size > self._room:
            _, oldest = self._kept.popitem(last=False)
            for each in oldest:
                self._add(each, -1)

    def recall(self, place: bytes, message: Message) -> str:
        """The reasoning of the reply at a place that came back as this message, or empty."""
        alike = self._kept.get(place)
        if not alike:
            return ""
        self._kept.move_to_end(place)
        if len(alike) > 1:
            words = words_of(message)
            alike = [reply for reply in alike if reply.words == words]
        return alike[-1].reasoning.decode("utf-8", "surrogatepass") if alike else ""

    def _add(self, reply: Kept, sign: int) -> None:
        self._count += sign
        self._size += sign * len(reply.reasoning)


class Asked:
    """One request, and what of its reply is to be kept; told by whoever hands the deltas on.

    body: the request's, with the reasoning that is known of its turns.
    """

    def __init__(self, request: UpstreamRequest, thoughts: Thoughts) -> None:
        messages: list[Message] = request.body["messages"]
        asker = _asker(request)
        found = [asker + before for before in places(messages)]
        known = with_reasoning(messages, lambda index, turn: thoughts.recall(found[index], turn))
        self.body = {**request.body, "messages": known}
        self._place = found[-1]
        self._thoughts = thoughts
        self._reasoning: list[str] = []
        self._text: list[str] = []
        self._arguments: dict[int, list[str]] = {}  # of each call, by its index
        self._room = LONGEST  # characters of reasoning that may still come
        self._unheard = WORDS  # characters of words
        self._kept: Kept | None = None

    def hear(self, delta: Delta) -> None:
        """The next delta of the reply. The reasoning is kept as soon as words follow it: a client may send
        its next request before the upstream's stream is over."""
        if delta.reasoning and self._kept is None and self._room >= 0:
            self._room -= len(delta.reasoning)
            self._reasoning.append(delta.reasoning)
        self._hear(self._text, delta.content)
        for call in delta.tool_calls:
            self._hear(self._arguments.setdefault(call.index, []), call.arguments)
        if self._kept is None and (delta.tool_calls or delta.content.strip()):
            self._keep()

    def over(self) -> None:
        """All was heard that will be."""
        if self._kept is not None:
            arguments = ["".join(parts) for parts in self._arguments.values()]
            self._kept.words = _words(["".join(self._text)], arguments)

    def _hear(self, parts: list[str], more: str) -> None:
        if more and self._unheard > 0:
            self._unheard -= len(more)
            parts.append(more)

    def _keep(self) -> None:
        reasoning = "".join(self._reasoning)
        self._kept = Kept(reasoning.encode("utf-8", "surrogatepass"))
        if reasoning.strip() and self._room >= 0:
            self._thoughts.keep(self._place, self._kept)


def words_of(message: Message) -> bytes:
    """A digest of what a message of the assistant says, by which its reply is known again.

    Letters and digits count, of the text and of the values in its calls: tags, white space, zero-width
    spaces, the names of tools and parameters and a completion's wrapper do not.
    """
    calls = [call["function"] for call in message.get("tool_calls") or () if is_function(call)]
    return _words(texts_of(message), [call.get("arguments") for call in calls])


def _words(texts: Iterable[str], arguments: Sequence[Any]) -> bytes:
    digest = blake2b(digest_size=16)
    for text in texts:
        digest.update(_letters(text))
    for each in arguments:
        for value in _values(each):
            digest.update(_letters(value))
    return digest.digest()


def _values(arguments: object) -> Iterator[str]:
    """The values in a call's arguments, in their order; unreadable ones as they are."""
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            yield str(arguments)
            return
    left = [arguments]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += reversed(value.values())
        elif isinstance(value, list):
            left += reversed(value)
        elif value is not None:
            yield str(value)


def _letters(text: str) -> bytes:
    return "".join(filter(str.isalnum, _TAG.sub("", text))).encode("utf-8", "surrogatepass")


def _asker(request: UpstreamRequest) -> bytes:
    """Whose conversation it is, and with which model: another one's reasoning is not its own."""
    model = str(request.body.get("model", "")).encode("utf-8", "surrogatepass")
    return owner_of(request.key) + blake2b(model, digest_size=16).digest()

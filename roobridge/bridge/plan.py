"""How one request is to be answered: decided once, before the upstream is asked, and never changed."""

from __future__ import annotations

from enum import Enum

import msgspec

from roobridge.grammar.model import Toolset, Version


class ClientKind(Enum):
    """The four kinds of request (values are the words used in settings, headers and on the command line)."""

    XML_AGENT = "roo-xml"  # tools stand in the prompt as XML tags; text is wrapped
    NATIVE_AGENT = "native"  # `tools` holds the completion tool; text is wrapped
    NATIVE_OTHER = "native-other"  # `tools` without one; text stays content
    PLAIN = "plain"  # everything else: untouched


class Wrap(Enum):
    """What happens to text while it is not yet known whether a call follows."""

    PREVIEW = "preview"
    HOLD = "hold"
    LIVE = "live"


class Plan(msgspec.Struct, frozen=True):
    """All that the reply's machine needs to know about the request.

    client: a name of `request/sender.py`, "" where it is unknown. version: None stands for the newest rules.
    single_call: the reply ends with its first call. guard_text: tool-like tags in native content are made
    harmless (Roo 3.42 to 3.47 reject them).
    """

    kind: ClientKind
    toolset: Toolset = Toolset()
    wrap: Wrap = Wrap.PREVIEW
    client: str = ""
    version: Version | None = None
    single_call: bool = False
    guard_text: bool = False

    @property
    def agent(self) -> bool:
        """A client whose loop needs a tool call in every reply."""
        return self.kind in (ClientKind.XML_AGENT, ClientKind.NATIVE_AGENT)

    @property
    def sender(self) -> str:
        """Client and version in one word, of letters, digits, `.`, `-` and `/`: `zoo/3.82.0`."""
        version = ".".join(map(str, self.version or ()))
        return f"{self.client}/{version}".strip("/") or "-"

    def unstreamed(self) -> Plan:
        """The same for a client that gets the reply in one piece: nothing can be shown early."""
        return msgspec.structs.replace(self, wrap=Wrap.HOLD) if self.wrap is Wrap.PREVIEW else self

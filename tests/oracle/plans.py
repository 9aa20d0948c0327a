"""Plans as the bridge makes them, and the reader that judges each one's replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.request.classify import make_plan
from roobridge.grammar.load import Grammar, load_grammar
from roobridge.grammar.model import Version
from tests.oracle import roo_reader
from tests.oracle.native_tools import SETS
from tests.oracle.roo_reader import Block


@cache
def grammar() -> Grammar:
    return load_grammar()


@dataclass(frozen=True)
class Client:
    """A client the bridge serves. version: "" for the newest. tools: a key of SETS."""

    kind: ClientKind
    name: str = "roo"
    version: str = ""
    tools: str = "none"
    parallel: bool | None = None

    def plan(self, wrap: Wrap = Wrap.PREVIEW) -> Plan:
        version: Version | None = tuple(map(int, self.version.split("."))) if self.version else None
        tools = SETS[self.tools] or None
        return make_plan(self.kind, self.name, version, tools, wrap, self.parallel, grammar())

    @property
    def xml(self) -> bool:
        return self.kind is ClientKind.XML_AGENT

    @property
    def agent(self) -> bool:
        return self.kind in (ClientKind.XML_AGENT, ClientKind.NATIVE_AGENT)

    @property
    def several(self) -> bool:
        """It takes several calls in one reply."""
        old = self.name == "roo" and self.version and tuple(map(int, self.version.split("."))) < (3, 42)
        return not self.xml and not old and self.parallel is not False

    def read(self, content: str) -> list[Block]:
        """What this client makes of the content of an XML reply."""
        if self.name == "cline":
            return roo_reader.read(content, roo_reader.CLINE_TOOLS, roo_reader.CLINE_PARAMS)
        version = (3, 41, 3)
        if self.version:
            wanted = tuple(map(int, self.version.split(".")))
            version = min((known for known in roo_reader.TOOLS if known >= wanted), default=version)
        return roo_reader.read_as(version, content)


ROO_31 = Client(ClientKind.XML_AGENT, version="3.31.3")
ROO_41 = Client(ClientKind.XML_AGENT)
CLINE = Client(ClientKind.XML_AGENT, "cline", "2.18.0")
ROO_36N = Client(ClientKind.NATIVE_AGENT, version="3.36.16", tools="roo")
ROO_52 = Client(ClientKind.NATIVE_AGENT, version="3.52.1", tools="roo", parallel=True)
ZOO = Client(ClientKind.NATIVE_AGENT, "zoo", "3.82.0", tools="roo", parallel=True)
KILO = Client(ClientKind.NATIVE_OTHER, "kilo", "7.7.9", tools="kilo")
OTHER = Client(ClientKind.NATIVE_OTHER, "", tools="other")
PLAIN = Client(ClientKind.PLAIN, "")

CLIENTS = {
    "roo-3.31.3-xml": ROO_31,
    "roo-newest-xml": ROO_41,
    "cline-xml": CLINE,
    "roo-3.36.16-native": ROO_36N,
    "roo-3.52.1-native": ROO_52,
    "zoo-native": ZOO,
    "kilo-native": KILO,
    "other-native": OTHER,
    "plain": PLAIN,
}
XML_CLIENTS = [ROO_31, ROO_41, CLINE]
NATIVE_AGENTS = [ROO_36N, ROO_52, ZOO]
AGENTS = [*XML_CLIENTS, *NATIVE_AGENTS]


def every_plan() -> Iterator[tuple[Client, Plan]]:
    for client in CLIENTS.values():
        for wrap in Wrap:
            yield client, client.plan(wrap)

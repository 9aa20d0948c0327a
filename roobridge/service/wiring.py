"""Which pieces a service is made of, by its settings: the one place that knows every upstream."""

from __future__ import annotations

from pathlib import Path

import msgspec
from pydantic import SecretStr

from roobridge.bridge.ports import Upstream
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.errors import SettingsError
from roobridge.grammar.load import load_grammar
from roobridge.service.answering import Answering, Manners
from roobridge.service.attempts import Patience
from roobridge.service.catalog import Catalog
from roobridge.service.config import Settings
from roobridge.service.conversations import Conversations
from roobridge.service.peers import Link, Peers
from roobridge.service.rules import Rules
from roobridge.service.secrets import secrets_of
from roobridge.upstream.openai import OpenAIUpstream
from roobridge.upstream.presets import PRESETS, is_local
from roobridge.upstream.queue import Queued
from roobridge.upstream.qwen_web import SITE, Capture, QwenWebUpstream
from roobridge.upstream.record import RecordUpstream
from roobridge.upstream.replay import ReplayUpstream
from roobridge.upstream.retry import Retrying
from roobridge.upstream.tools_as_text import ToolsAsText

REMOTE_PATIENCE = 600.0  # seconds, as long as Roo 3.52 itself waits
SHUTDOWN_TIME = 2.0  # seconds that running turns get to end


class Services(msgspec.Struct, frozen=True):
    """What the web layer is given. free: whether the models cost nothing, being at home."""

    settings: Settings
    upstream: Upstream
    catalog: Catalog
    answering: Answering
    free: bool

    async def aclose(self) -> None:
        """End the turns, then release the upstream's connections."""
        await self.answering.finish(SHUTDOWN_TIME)
        self.answering.conversations.close()
        await self.upstream.aclose()


def build(settings: Settings, link: Link | None = None) -> Services:
    """Everything for one event loop. link: to the other processes that serve the same.

    Raises SettingsError naming the setting, grammar file or tape.
    """
    upstream = build_upstream(settings)
    if settings.record is None:
        return assemble(settings, upstream, link=link)
    recorder = RecordUpstream(upstream, settings.record, Cleaner(secrets_of(settings)))
    return assemble(settings, recorder, recorder, link)


def assemble(
    settings: Settings,
    upstream: Upstream,
    recorder: RecordUpstream | None = None,
    link: Link | None = None,
) -> Services:
    """The services around an upstream that stands already."""
    catalog = catalog_of(settings, upstream)
    manners = Manners(settings.kind, settings.wrap, settings.enable_tool_calling)
    conversations = Conversations(Peers(link) if link is not None else None)
    rules = rules_of(settings)
    answering = Answering(upstream, catalog, load_grammar(), manners, rules, recorder, conversations)
    free = at_home(settings) or settings.upstream_name == "replay"
    return Services(settings, upstream, catalog, answering, free)


def catalog_of(settings: Settings, upstream: Upstream) -> Catalog:
    return Catalog(
        upstream, settings.model_map, settings.models_ttl, settings.context_length, settings.max_output
    )


def rules_of(settings: Settings) -> Rules:
    usual = 0.0 if at_home(settings) else REMOTE_PATIENCE
    start, idle = settings.start_timeout, settings.idle_timeout
    return Rules(
        patience=Patience(usual if start is None else start, usual if idle is None else idle),
        pace=settings.pace_ms / 1000,
        keepalive=settings.keepalive,
        commit=settings.first_byte_commit,
        usage_wait=settings.usage_wait_ms / 1000,
        continuations=settings.max_continuations,
        second_chance=settings.second_chance,
    )


def at_home(settings: Settings) -> bool:
    """Whether the model runs at home, where silence says nothing."""
    known = PRESETS.get(settings.upstream_name)
    if known is not None:
        return known.local
    return settings.upstream_name == "openai" and is_local(settings.base_url or "")


def address_of(settings: Settings) -> str:
    """Where the upstream is; empty for tapes."""
    known = PRESETS.get(settings.upstream_name)
    usual = known.base_url if known else SITE if settings.upstream_name == "qwen-web" else ""
    return settings.base_url or usual


def build_upstream(settings: Settings) -> Upstream:
    """The upstream that the settings name. Raises SettingsError."""
    name = settings.upstream_name
    if name == "replay":
        if settings.base_url and not settings.upstream:
            raise _missing("upstream", "a base_url", "--upstream openai for an OpenAI-compatible server")
        return ReplayUpstream(settings.tapes or _demo_tapes(), settings.speed)
    if name == "qwen-web":
        return _qwen_web(settings)
    if name == "openai":
        if not settings.base_url:
            raise _missing("base_url", "the upstream openai", "--base-url or ROOBRIDGE_BASE_URL")
        return _openai(settings)
    if name in PRESETS:
        return _openai(settings)
    known = ", ".join(("replay", "qwen-web", "openai", *PRESETS))
    raise SettingsError(
        f"The setting 'upstream' is {name!r}, but must be one of {known}.",
        code="bad_setting",
        param="upstream",
    )


def _openai(settings: Settings) -> Upstream:
    name = settings.upstream_name
    upstream: Upstream = OpenAIUpstream(
        address_of(settings),
        _revealed(settings.api_key),
        preset=name if name in PRESETS else "",
        partial=name in PRESETS and PRESETS[name].partial,
    )
    upstream = Retrying(upstream, settings.retry_seconds)
    if settings.max_concurrent:
        upstream = Queued(upstream, settings.max_concurrent, settings.queue_timeout)
    return ToolsAsText(upstream, settings.tools, offer=settings.enable_tool_calling)


def _qwen_web(settings: Settings) -> Upstream:
    capture = Capture(
        token=_revealed(settings.qwen_token or settings.api_key),
        cookies=_revealed(settings.qwen_cookies),
        bx_ua=_revealed(settings.qwen_bx_ua),
        bx_umidtoken=_revealed(settings.qwen_bx_umidtoken),
        bx_v=settings.qwen_bx_v,
        user_agent=settings.qwen_user_agent,
    )
    if settings.base_url:
        return QwenWebUpstream(capture, base_url=settings.base_url)
    return QwenWebUpstream(capture)


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _demo_tapes() -> Path:
    """In a wheel, else in a checkout."""
    package = Path(__file__).resolve().parents[1]
    carried = package / "data" / "tapes"
    return carried if carried.is_dir() else package.parent / "fixtures" / "tapes" / "demo"


def _missing(name: str, who: str, where: str) -> SettingsError:
    return SettingsError(
        f"The setting {name!r} is missing, which {who} needs: give {where}.", code="bad_setting", param=name
    )

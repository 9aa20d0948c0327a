"""Which pieces a service is made of, by its settings: the one place that knows every upstream."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import msgspec
from pydantic import SecretStr

from roobridge.bridge.ports import Upstream
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.shaping.thinking import Reasoning
from roobridge.errors import SettingsError
from roobridge.grammar.load import load_grammar
from roobridge.service.answering import Answering, Manners
from roobridge.service.catalog import Catalog
from roobridge.service.contexts import Contexts
from roobridge.service.conversations.conversations import Conversations
from roobridge.service.conversations.peers import Link, Peers
from roobridge.service.conversations.words import Others
from roobridge.service.limits import RateLimits
from roobridge.service.metrics.meters import Meters
from roobridge.service.metrics.readiness import Readiness
from roobridge.service.profiles import Profiles
from roobridge.service.routes import Place, Routes
from roobridge.service.settings.config import Settings
from roobridge.service.settings.secrets import secrets_in_force
from roobridge.service.turns.attempts import Patience
from roobridge.service.turns.rules import Rules
from roobridge.upstream.around.measured import Measured
from roobridge.upstream.around.queue import Queued, Slots, Watch
from roobridge.upstream.around.record import RecordUpstream
from roobridge.upstream.around.retry import Retrying
from roobridge.upstream.around.thinking_back import ThinkingBack
from roobridge.upstream.around.tools_as_text import ToolsAsText
from roobridge.upstream.openai import OpenAIUpstream
from roobridge.upstream.presets import KINDS, PRESETS, is_local
from roobridge.upstream.qwen_web import SITE, Capture, QwenWebUpstream
from roobridge.upstream.replay import ReplayUpstream

REMOTE_PATIENCE = 600.0  # seconds, as long as Roo 3.52 itself waits
SHUTDOWN_TIME = 2.0  # seconds that running turns get to end


class Services(msgspec.Struct, frozen=True):
    """What the web layer is given."""

    settings: Settings
    routes: Routes
    answering: Answering
    meters: Meters
    readiness: Readiness

    async def aclose(self) -> None:
        """End the turns, then release the upstreams' connections."""
        self.readiness.close()
        await self.answering.finish(SHUTDOWN_TIME)
        await self.answering.conversations.aclose()
        await self.routes.aclose()


def build(settings: Settings, link: Link | None = None) -> Services:
    """Everything for one event loop. link: to the other processes that serve the same.

    Raises SettingsError naming the setting, grammar file or tape.
    """
    check_names(settings)
    meters = Meters()
    upstreams = {
        name: _build_one(settings, name, partial(meters.waiting, name)) for name in settings.upstream_names
    }
    if settings.record is not None:
        folder, clean = settings.record, Cleaner(secrets_in_force(settings))
        upstreams = {name: RecordUpstream(upstream, folder, clean) for name, upstream in upstreams.items()}
    return assemble(settings, upstreams, link, meters)


def _build_one(settings: Settings, name: str, watch: Watch) -> Upstream:
    try:
        return build_upstream(settings.at(name), watch)
    except SettingsError as error:
        if name not in settings.upstreams:
            raise
        raise SettingsError(
            f"In [upstreams.{name}]: {error.message}", code=error.code, param=error.param
        ) from error


def assemble(
    settings: Settings,
    upstreams: Mapping[str, Upstream],
    link: Link | None = None,
    meters: Meters | None = None,
) -> Services:
    """The services around upstreams that stand already, by their names."""
    places = {name: _place(settings.at(name), upstream) for name, upstream in upstreams.items()}
    meters = Meters() if meters is None else meters
    profiles = Profiles(settings.models, partial(meters.waiting, "models"))
    routes = Routes(places, profiles, settings.fallbacks)
    manners = Manners(
        rules_of(settings),
        settings.kind,
        settings.wrap,
        settings.enable_tool_calling,
        settings.max_same_calls,
    )
    conversations = Conversations(_others(settings, link))
    recorders = [upstream for upstream in upstreams.values() if isinstance(upstream, RecordUpstream)]
    limits = RateLimits(settings.max_requests_per_minute, settings.max_tokens_per_minute)
    answering = Answering(routes, load_grammar(), manners, meters, recorders, conversations, limits)
    return Services(settings, routes, answering, meters, Readiness(upstreams, meters.ready))


def _others(settings: Settings, link: Link | None) -> Others | None:
    """The other processes that serve the same: wherever they are, else those of this host."""
    if settings.redis_url is None:
        return Peers(link) if link is not None else None
    try:
        from roobridge.service.conversations.hosts import Hosts  # noqa: PLC0415 -- redis-py is there where it is wanted
    except ImportError:
        raise _missing("redis", "the setting 'redis_url'", "pip install 'roobridge[redis]'") from None
    return Hosts(settings.redis_url.get_secret_value())


def check_names(settings: Settings) -> None:
    """Raises SettingsError where an upstream is named that is none."""
    known = settings.upstream_names
    named = [("fallbacks", entry) for entry in settings.fallbacks]
    for pattern, table in settings.models.items():
        named += [(f"models.{pattern}.fallbacks", entry) for entry in table.fallbacks or ()]
        named += [(f"models.{pattern}.upstream", table.upstream)] if table.upstream else []
    for setting, entry in named:
        if entry.partition("/")[0] not in known:
            raise SettingsError(
                f"The setting {setting!r} names {entry!r}, but the upstreams are {', '.join(known)}: name "
                "one of them, or add its table [upstreams.NAME].",
                code="bad_setting",
                param=setting,
            )


def _place(settings: Settings, upstream: Upstream) -> Place:
    free = at_home(settings) or settings.upstream_name == "replay"
    catalog = catalog_of(settings, upstream)
    return Place(
        upstream, catalog, patience_of(settings), free, settings.context_length, settings.queue_timeout
    )


def catalog_of(settings: Settings, upstream: Upstream) -> Catalog:
    return Catalog(
        upstream, settings.model_map, settings.models_ttl, settings.context_length, settings.max_output
    )


def patience_of(settings: Settings) -> Patience:
    usual = 0.0 if at_home(settings) else REMOTE_PATIENCE
    start, idle = settings.start_timeout, settings.idle_timeout
    return Patience(usual if start is None else start, usual if idle is None else idle)


def rules_of(settings: Settings) -> Rules:
    return Rules(
        pace=settings.pace_ms / 1000,
        keepalive=settings.keepalive,
        commit=settings.first_byte_commit,
        usage_wait=settings.usage_wait_ms / 1000,
        continuations=settings.max_continuations,
        second_chance=settings.second_chance,
        turns=settings.max_turns,
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


def build_upstream(settings: Settings, watch: Watch = nullcontext) -> Upstream:
    """The upstream that the settings name. watch: see Slots. Raises SettingsError."""
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
        return _openai(settings, watch)
    if name in PRESETS:
        return _openai(settings, watch)
    known = ", ".join(dict.fromkeys((*KINDS, *settings.upstreams)))
    raise SettingsError(
        f"The setting 'upstream' is {name!r}, but must be one of {known}.",
        code="bad_setting",
        param="upstream",
    )


def _openai(settings: Settings, watch: Watch) -> Upstream:
    name = settings.upstream_name
    upstream: Upstream = OpenAIUpstream(
        address_of(settings),
        _revealed(settings.api_key),
        preset=name if name in PRESETS else "",
        partial=name in PRESETS and PRESETS[name].partial,
    )
    upstream = Retrying(upstream, settings.retry_seconds)
    if settings.max_concurrent:
        upstream = Queued(upstream, Slots(settings.max_concurrent, watch), settings.queue_timeout)
    if settings.measure_context:
        upstream = Measured(upstream, Contexts(Catalog(upstream, {}, settings.models_ttl)))
    upstream = ToolsAsText(upstream, settings.tools, offer=settings.enable_tool_calling)
    back = any(table.reasoning is Reasoning.BACK for table in settings.models.values())
    return ThinkingBack(upstream) if back else upstream


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

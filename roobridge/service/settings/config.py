"""What the operator may set, and where each word may stand.

From the strongest to the weakest: options of the command line, `ROOBRIDGE_*` variables, those of a `.env`
file, the older names (`environment.py`), the TOML file, the defaults here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from roobridge.bridge.plan import ClientKind, Wrap
from roobridge.bridge.ports import ToolUse
from roobridge.service.settings.environment import DotEnv, OlderNames, variable
from roobridge.service.settings.tables import ModelTable, UpstreamName, UpstreamTable
from roobridge.service.settings.values import (
    Count,
    Credential,
    HeaderValue,
    HostNames,
    Keys,
    Names,
    RedisUrl,
    SameCalls,
    lower,
)
from roobridge.upstream.presets import KINDS

# What is one upstream's own, and stands outside the tables for the one that requests go to which name none.
_OWN: dict[str, Any] = {"base_url": None, "api_key": None, "model_map": {}}


class Settings(BaseSettings):
    """All settings of one service, checked. Times are in seconds, but `pace_ms` and `usage_wait_ms`.

    description: what the README beside this file says of the setting.
    """

    model_config = SettingsConfigDict(
        env_prefix="ROOBRIDGE_", env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8001, ge=0, le=65535, description="port to listen on, 0 for a free one")
    allow_open: bool = Field(
        default=False,
        description="listen on an address other than loopback without `service_keys`: whoever reaches the "
        "port uses your upstream and your key",
    )
    service_keys: Keys = Field(
        default=(),
        description="keys of which clients must send one as their API key; the upstream is then asked with "
        "`api_key` only",
    )
    allowed_hosts: HostNames = Field(
        default=(),
        description="further names (without port) that the service goes by, `*` for any; addresses, "
        "`localhost`, `host.docker.internal` and this machine's name need no entry",
    )
    allowed_origins: HostNames = Field(
        default=(),
        description="web pages that may use the service, as `https://ui.example`, `vscode-webview://*`, or "
        "`*` for any",
    )
    workers: int = Field(
        default=1,
        ge=1,
        description="processes that serve on the one port, about one a core; they tell one another of open "
        "turns and broken requests",
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        description="Redis or Valkey through which processes on several hosts tell one another of the same: "
        "[more](#several-hosts)",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = Field(
        default="info", description="`debug`, `info`, `warning` or `error`"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lower)] = Field(
        default="text", description="`text`, or `json`: one object a line"
    )

    upstream: str = Field(
        default="",
        description="`replay`, `openai`, `qwen-web`, a preset, or one of `upstreams`; where none is named, "
        "`qwen-web` if `qwen_token` or `qwen_cookies` is set, else the first of `upstreams`, else `replay`",
    )
    base_url: str | None = Field(
        default=None, description="where the upstream is, up to and without `/chat/completions`"
    )
    api_key: Credential | None = Field(
        default=None, description="the upstream's key; without one the client's own is passed on"
    )
    qwen_token: Credential | None = Field(default=None, description="access token for chat.qwen.ai")
    qwen_cookies: Credential | None = Field(default=None, description="Cookie header for chat.qwen.ai")
    qwen_bx_ua: Credential | None = Field(
        default=None, description="header `bx-ua` of the same browser login"
    )
    qwen_bx_umidtoken: Credential | None = Field(
        default=None, description="header `bx-umidtoken` of the same browser login"
    )
    qwen_bx_v: HeaderValue = Field(default="", description="header `bx-v` of the same browser login")
    qwen_user_agent: HeaderValue = Field(
        default="", description="header `User-Agent` of the same browser login"
    )
    upstreams: dict[UpstreamName, UpstreamTable] = Field(
        default_factory=dict, description="further upstreams: [more](#several-upstreams)"
    )
    fallbacks: Names = Field(
        default=(),
        description="the upstreams that are asked in turn where the one before is down or busy and nothing "
        "of its reply has come: `NAME`, or `NAME/MODEL`",
    )
    models: dict[str, ModelTable] = Field(
        default_factory=dict, description="what is particular to a model: [more](#a-profile-for-a-model)"
    )
    model_map: dict[str, str] = Field(
        default_factory=dict,
        description="your model names to the upstream's; as a variable it is written in JSON",
    )
    context_length: int = Field(
        default=0,
        ge=0,
        description="tokens of context that clients are told for every model, 0 for what the upstream says",
    )
    max_output: int = Field(
        default=0,
        ge=0,
        description="tokens of output that clients are told for every model, 0 for what the upstream says",
    )
    measure_context: bool = Field(
        default=True,
        description="what is surely longer than the model's context is refused before the upstream is asked",
    )
    tapes: Path | None = Field(
        default=None, description="folder of tapes for `replay`; the demo where none is named"
    )
    speed: float = Field(default=1.0, ge=0, description="how many times faster tapes play, 0 for no waiting")
    record: Path | None = Field(default=None, description="folder in which every reply is recorded")

    kind: ClientKind | None = Field(
        default=None, description="the kind of every request, instead of what it looks like"
    )
    wrap: Wrap = Field(default=Wrap.PREVIEW, description="`preview`, `hold` or `live`")
    pace_ms: Count = Field(default=25, description="milliseconds between two writes to a client, 0 for none")
    enable_tool_calling: bool = Field(
        default=True, description="tools are put into the prompt for an upstream that takes none"
    )
    tools: ToolUse = Field(
        default=ToolUse.AUTO,
        description="`native`; `prompted`: as text, for a model that takes none; `auto`: natively, unless "
        "the upstream says that a model takes none, or refuses them",
    )
    max_continuations: int = Field(
        default=3,
        ge=0,
        description="how often the upstream is asked to go on with an unfinished reply; 0 never",
    )
    second_chance: bool = Field(
        default=False,
        description="a text-only reply to an agent is answered once with Roo's own reminder; a call in the "
        "second reply takes its place",
    )
    max_same_calls: SameCalls = Field(
        default=5,
        description="how often in a row an agent may make the same call with the same result until its user "
        "is asked instead of the upstream; 0 for any number",
    )

    max_connections: int = Field(
        default=1000,
        gt=0,
        description="connections open at once in each process; beyond them idle ones give way, else a new "
        "one gets 503; fewer where the limit of open files (`ulimit -n`) is below three a connection",
    )
    # Half the connections: the others are for lists of models, /health and clients between two requests.
    max_turns: int = Field(
        default=500,
        gt=0,
        description="requests that each process answers at once; further ones get 503 with `Retry-After`; "
        "each holds its body and reply in memory",
    )
    max_requests_per_minute: int = Field(
        default=0, ge=0, description="of one client key, in each process; 0 for any number"
    )
    max_tokens_per_minute: int = Field(
        default=0,
        ge=0,
        description="of one client key, prompts and replies together, in each process; a request is taken "
        "while any are left; 0 for any number",
    )
    body_limit: int = Field(default=32 * 1024 * 1024, gt=0, description="bytes of a request's body")
    # A client gives up after 300 s without a byte, a proxy between often after 30 or 60.
    keepalive: Count = Field(
        default=15.0, description="seconds of silence until a comment goes out; 0 for no comments"
    )
    # As above; until then a refusal still gets its own status.
    first_byte_commit: Count = Field(
        default=20.0,
        description="seconds an upstream may take to accept before the client gets its 200; 0 for as long as "
        "it takes",
    )
    # A prompt of an agent takes a model at home minutes; a service that does not begin for so long is stuck.
    start_timeout: Count | None = Field(
        default=None,
        description="seconds an upstream may take to accept at all, 0 for ever; unless set, 0 where the "
        "upstream is local, else 600",
    )
    # LM Studio, and Ollama for some models, say nothing while a tool call is written.
    idle_timeout: Count | None = Field(
        default=None,
        description="seconds of silence within a reply until it counts as broken, 0 for ever; unless set, 0 "
        "where the upstream is local, else 600",
    )
    retry_seconds: Count = Field(
        default=15.0,
        description="seconds for which a refused connection, 429 and 502 to 504 are tried again, as long as "
        "nothing of the reply has come; 0 never",
    )
    max_concurrent: int = Field(
        default=0,
        ge=0,
        description="requests that each process has at the upstream at once; further ones wait in order; 0 "
        "for any number",
    )
    queue_timeout: Count = Field(
        default=600.0,
        description="seconds that a request waits for its turn until it is refused with 429, 0 for ever",
    )
    usage_wait_ms: Count = Field(
        default=300, description="milliseconds to wait for the token counts of a reply that is over"
    )
    models_ttl: Count = Field(default=10.0, description="seconds the upstream's list of models is believed")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, DotEnv(settings_cls), OlderNames(settings_cls)

    @property
    def upstream_name(self) -> str:
        """The upstream for requests that name none; see the setting."""
        if self.upstream:
            return self.upstream
        if self.qwen_token or self.qwen_cookies:
            return "qwen-web"
        return next(iter(self.upstreams), "replay")

    @property
    def upstream_names(self) -> tuple[str, ...]:
        """Of all upstreams; the one for requests that name none comes first."""
        return tuple(dict.fromkeys((self.upstream_name, *self.upstreams)))

    def at(self, name: str) -> Self:
        """These settings as they are for one of the upstreams, `upstream` being its kind.

        An address, a key and the names of models are one upstream's own: those outside the tables are for the
        one that requests go to which name none.
        """
        table = self.upstreams.get(name)
        if table is None:
            return self
        values = {**_OWN, **{which: getattr(table, which) for which in table.model_fields_set}}
        if named := values.pop("api_key_env", ""):
            values["api_key"] = SecretStr(variable(named))
        if name == self.upstream_name:
            values |= {which: mine for which in _OWN if (mine := getattr(self, which))}
        kind = table.upstream or (name if name in KINDS else "openai")
        return self.model_copy(update={**values, "upstream": kind})

"""The tables of the settings file: `[upstreams.NAME]` and `[models."PATTERN"]`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from roobridge.bridge.ports import ToolUse
from roobridge.bridge.shaping.body import forbidden
from roobridge.bridge.shaping.images import Images
from roobridge.bridge.shaping.sampling import SAMPLING
from roobridge.bridge.shaping.thinking import Reasoning
from roobridge.service.settings.environment import variable
from roobridge.service.settings.values import Count, Credential, Names

# A name stands before a model's, with a slash between, and in addresses after `?provider=`.
UpstreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_SAMPLINGS = ", ".join(f"`{name}`" for name in SAMPLING)


def _preset(name: str) -> str:
    if name and name not in SAMPLING:
        raise ValueError(f"there are only {', '.join(SAMPLING)}")
    return name


_FieldNames = TypeVar("_FieldNames", bound=Collection[str])


def _not_owned(fields: _FieldNames) -> _FieldNames:
    if owned := forbidden(fields):
        raise ValueError(f"`{owned}` is the bridge's own")
    return fields


Fields = Annotated[dict[str, Any], AfterValidator(_not_owned)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class UpstreamTable(_Table):
    """One upstream of several: the settings of the same names, for this one alone.

    description: what the README beside this file says of what no setting of that name says.
    """

    upstream: str = Field(
        default="", description="as the setting; unless given, NAME where that is a preset, else `openai`"
    )
    base_url: str | None = None
    api_key: Credential | None = None
    api_key_env: str = Field(
        default="", description="the variable, also in `.env`, that holds the key, instead of `api_key`"
    )
    model_map: dict[str, str] = Field(default_factory=dict)
    tapes: Path | None = None
    context_length: int = Field(default=0, ge=0)
    max_output: int = Field(default=0, ge=0)
    tools: ToolUse = ToolUse.AUTO
    start_timeout: Count | None = None
    idle_timeout: Count | None = None
    retry_seconds: Count = 0.0
    max_concurrent: int = Field(default=0, ge=0)
    queue_timeout: Count = 0.0

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key is not None and self.api_key_env:
            raise ValueError("give `api_key` or `api_key_env`, not both")
        if self.api_key_env and not variable(self.api_key_env):
            raise ValueError(f"there is no variable {self.api_key_env} (api_key_env)")
        return self


class ModelTable(_Table):
    """What is particular to the models whose names match one pattern."""

    upstream: str = Field(default="", description="name of the upstream that serves it")
    model: str = Field(default="", description="what that upstream calls it")
    fallbacks: Names | None = Field(default=None, description="instead of the setting `fallbacks`")
    sampling: Annotated[str, AfterValidator(_preset)] = Field(
        default="",
        description=f"values that Qwen publishes, in the place of the client's: {_SAMPLINGS}",
    )
    defaults: Fields = Field(
        default_factory=dict, description="fields of a request's body, where the client sends none"
    )
    overrides: Fields = Field(default_factory=dict, description="the same, whatever the client sends")
    drop: Annotated[Names, AfterValidator(_not_owned)] = Field(
        default=(), description="fields of the client's that are left out"
    )
    images: Images = Field(
        default=Images.PASS,
        description="`pass`; `strip`: a note stands in the place of each; `refuse`: 400",
    )
    reasoning: Reasoning = Field(
        default=Reasoning.PASS,
        description="of earlier turns: `pass`, as the client sends it; `drop`; `back`: each turn has again "
        "what the model thought, for models that want it (`preserve_thinking`)",
    )
    cache_marks: bool = Field(
        default=False, description="marks for DashScope's explicit cache on what stays the same"
    )
    tools: ToolUse | None = Field(default=None, description="instead of the setting `tools`")
    context_length: int = Field(
        default=0, ge=0, description="tokens that clients are told, 0 for what the upstream says"
    )
    max_output: int = Field(default=0, ge=0, description="the same for an answer")
    max_concurrent: int = Field(
        default=0, ge=0, description="requests for these models at once, within those of the upstream"
    )

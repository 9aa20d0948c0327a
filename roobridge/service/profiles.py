"""What is particular to a model: the profile whose pattern its name matches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from fnmatch import translate

import msgspec

from roobridge.bridge.ports import Model, ToolUse
from roobridge.bridge.shaping.body import Shape
from roobridge.bridge.shaping.images import Images
from roobridge.bridge.shaping.sampling import SAMPLING
from roobridge.service.settings.tables import ModelTable
from roobridge.upstream.around.queue import Slots, Watch


class Profile(msgspec.Struct, frozen=True):
    """One `[models."PATTERN"]`; the fields are those of ModelTable.

    upstream, model: empty where the profile names none. fallbacks, tools: None where it says nothing.
    slots: shared by all requests to its models. shape: what is changed in them.
    """

    pattern: str = ""
    upstream: str = ""
    model: str = ""
    fallbacks: tuple[str, ...] | None = None
    tools: ToolUse | None = None
    context: int = 0
    output: int = 0
    slots: Slots | None = None
    shape: Shape = Shape()

    def informed(self, model: Model) -> Model:
        """What clients are told of a model."""
        return msgspec.structs.replace(
            model,
            context=self.context or model.context,
            output=self.output or model.output,
            vision=model.vision if self.shape.images is Images.PASS else False,
        )


class Profiles:
    """All of them, in the order of the settings file. watch: see Slots."""

    def __init__(self, tables: Mapping[str, ModelTable], watch: Watch = nullcontext) -> None:
        self._profiles = [
            (_matcher(pattern), _profile(pattern, table, _slots(table, watch)))
            for pattern, table in tables.items()
        ]

    def of(self, *names: str) -> Profile:
        """The first that one of a model's names matches, whole or behind its last slash; else an empty one.

        Servers' names have the publisher before a slash (`qwen/qwen3-coder-30b` in LM Studio), and differ in
        capitals.
        """
        words = {word for name in names for word in (name.lower(), name.lower().rpartition("/")[2])}
        for matches, profile in self._profiles:
            if any(matches.fullmatch(word) for word in words):
                return profile
        return Profile()

    @property
    def named(self) -> list[Profile]:
        """Those whose pattern is the name of one model."""
        return [profile for _, profile in self._profiles if not set(profile.pattern) & set("*?[")]


def _matcher(pattern: str) -> re.Pattern[str]:
    # What fnmatch makes of a pattern never goes back over a star (Python 3.9 and later).
    return re.compile(translate(pattern.lower()))


def _slots(table: ModelTable, watch: Watch) -> Slots | None:
    return Slots(table.max_concurrent, watch) if table.max_concurrent else None


def _profile(pattern: str, table: ModelTable, slots: Slots | None) -> Profile:
    return Profile(
        pattern,
        table.upstream,
        table.model,
        table.fallbacks,
        table.tools,
        table.context_length,
        table.max_output,
        slots,
        Shape(
            sampling=SAMPLING[table.sampling] if table.sampling else {},
            defaults=table.defaults,
            overrides=table.overrides,
            drop=table.drop,
            images=table.images,
            reasoning=table.reasoning,
            cache_marks=table.cache_marks,
        ),
    )

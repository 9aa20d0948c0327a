"""Settings that hold several values: a list in the file, a line with commas in a variable."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _plain(values: tuple[str, ...]) -> tuple[str, ...]:
    """For comparison: names and origins know no case, and neither ends in a slash or a dot."""
    return tuple(value.strip().lower().rstrip("/.") for value in values)


def _keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    keys = [value.get_secret_value().strip() for value in values]
    if not all(key.isascii() and key.isprintable() and key and " " not in key for key in keys):
        raise ValueError("a key is empty, or holds a space or a letter outside ASCII")
    return tuple(map(SecretStr, keys))


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_plain)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), AfterValidator(_keys)]

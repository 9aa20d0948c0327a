"""Types that settings' values have."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _split(value: object) -> object:
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def _header_value(text: str) -> str:
    text = text.strip()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("it holds a line break or a letter outside ASCII, which no header can carry")
    return text


def _secret_header_value(secret: SecretStr) -> SecretStr:
    return SecretStr(_header_value(secret.get_secret_value()))


def _none_or_several(count: int) -> int:
    if count < 0 or count == 1:
        raise ValueError("it must be 0, or 2 or more: the first call is no repetition")
    return count


def _plain(values: tuple[str, ...]) -> tuple[str, ...]:
    """For comparison: names and origins know no case, and neither ends in a slash or a dot."""
    return tuple(value.strip().lower().rstrip("/.") for value in values)


def _keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    keys = [value.get_secret_value().strip() for value in values]
    if not all(key.isascii() and key.isprintable() and key and " " not in key for key in keys):
        raise ValueError("a key is empty, or holds a space or a letter outside ASCII")
    return tuple(map(SecretStr, keys))


def _redis_url(secret: SecretStr) -> SecretStr:
    """Stricter than redis-py, which takes what it cannot read for the usual port on this machine."""
    address = secret.get_secret_value().strip()
    try:
        url = urlsplit(address)
        place = url.path if url.scheme == "unix" else url.hostname if url.port != 0 else None
    except ValueError:  # its text would repeat a part of the password
        place = None
    if not place or url.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            "it must be redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH; a password stands before the "
            "host as :PASSWORD@, with %2F for a slash"
        )
    return SecretStr(address)


Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SameCalls = Annotated[int, AfterValidator(_none_or_several)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Credential = Annotated[SecretStr, AfterValidator(_secret_header_value)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
# A list in the settings file, else names with commas between.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
HostNames = Annotated[Names, AfterValidator(_plain)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), AfterValidator(_keys)]

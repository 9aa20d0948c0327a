"""Types that settings' values have."""

from __future__ import annotations

from typing import Annotated

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


Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SameCalls = Annotated[int, AfterValidator(_none_or_several)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Credential = Annotated[SecretStr, AfterValidator(_secret_header_value)]
# A list in the settings file, else names with commas between.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]

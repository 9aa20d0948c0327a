from __future__ import annotations

import pytest

from roobridge.errors import SettingsError
from roobridge.upstream.http.address import checked_base_url, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1234/v1",
        "http://[::1]:1234/v1",
        "http://lm_studio:1234/v1",
        "https://xn--bcher-kva.example/v1",
        "https://bücher.example./v1",
        "HTTP://GPU/v1",
    ],
)
def test_an_address_that_can_be_asked(url: str) -> None:
    assert checked_base_url(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1",
        "127.0.0.1:1",
        "http://[::1",
        "http://",
        "",
        "http://me:secret@127.0.0.1/v1",
        "http://127.0.0.1/v1?key=x",
        "http://127.0.0.1/v1#x",
        "http://x:0/v1",
        "http://x:65536/v1",
        "http://x:-1/v1",
        "http://a b/v1",
        "http://-a/v1",
        "http://a..b/v1",
        "http://256.1.1.1/v1",
        "http://1.2.3.4.5/v1",
        f"http://{'a' * 64}/v1",
        f"http://{'a.' * 127}b/v1",
    ],
)
def test_an_address_that_cannot_be(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url") as refused:
        checked_base_url(url)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]/v1", True),
        ("http://0.0.0.0:1/v1", True),
        ("http://localhost:1/v1", True),
        ("http://a.localhost/v1", True),
        ("http://192.168.1.7/v1", False),
        ("http://localhost.example/v1", False),
    ],
)
def test_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here

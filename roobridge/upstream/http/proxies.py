"""The proxies that the environment names, as httpx's mounts: a client with a transport of its own reads none.

httpx matches the patterns; the most special one counts.
"""

from __future__ import annotations

import ipaddress
from urllib.request import getproxies, proxy_bypass

import httpx

from roobridge.errors import SettingsError


def proxies_of_environment() -> dict[str, str]:
    """From a pattern of URLs to the URL of the proxy for them, which is empty where none is to be used.

    Read from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in capitals or not, or from the settings of the
    system where it has some. NO_PROXY: hosts with commas between them. `*` is all of them, `a.example` is
    that name and all below it, `.a.example` those below it, and an address is itself. A network is taken for
    its first address, since httpx matches no others.
    """
    named = getproxies()
    direct = [host.strip() for host in named.get("no", "").split(",") if host.strip()]
    if "*" in direct:
        return {}
    urls = {scheme: named[scheme] for scheme in ("http", "https", "all") if named.get(scheme)}
    used = {f"{scheme}://": url if "://" in url else f"http://{url}" for scheme, url in urls.items()}
    return {**used, **{_pattern(host): "" for host in direct}}


def check_proxy(url: str) -> None:
    """Raises SettingsError where a URL would be asked by way of a proxy that cannot be used.

    One that is not on the way may be of any kind: ALL_PROXY is often a SOCKS proxy's beside an HTTPS_PROXY.
    """
    named = getproxies()
    asked = httpx.URL(url)
    which = asked.scheme if named.get(asked.scheme) else "all"
    proxy = named.get(which, "")
    if not proxy or proxy_bypass(asked.host):
        return
    try:
        parsed = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
        port = 1 if parsed.port is None else parsed.port
        usable = parsed.scheme in ("http", "https") and bool(parsed.host) and 0 < port < 65536
    except httpx.InvalidURL:
        usable = False
    if not usable:
        name = f"{which.upper()}_PROXY"
        raise SettingsError(
            f"The variable {name} is not usable: it must be an address such as http://proxy.example:3128 (no "
            "other kind of proxy can be used). Correct it, or name the upstream's host in NO_PROXY.",
            code="bad_setting",
            param=name,
        )


def _pattern(host: str) -> str:
    if "://" in host:
        return host
    try:
        address = ipaddress.ip_address(host.partition("/")[0].strip("[]"))
    except ValueError:
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    return f"all://[{address}]" if address.version == 6 else f"all://{address}"

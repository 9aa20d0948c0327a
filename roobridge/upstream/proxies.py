"""The proxies that the environment names, as httpx's mounts: a client with a transport of its own reads none.

httpx matches the patterns; the most special one counts.
"""

from __future__ import annotations

import ipaddress
from urllib.request import getproxies


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


def _pattern(host: str) -> str:
    if "://" in host:
        return host
    try:
        address = ipaddress.ip_address(host.partition("/")[0].strip("[]"))
    except ValueError:
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    return f"all://[{address}]" if address.version == 6 else f"all://{address}"

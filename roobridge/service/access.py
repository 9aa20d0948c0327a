"""Who may use the service, as far as its settings say: what must be settled before it listens."""

from __future__ import annotations

from ipaddress import ip_address

from roobridge.errors import SettingsError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import at_home


def check_access(settings: Settings) -> None:
    """Raises SettingsError for a service that any stranger on the network could use, and for one whose
    clients send its own keys while it has none for its upstream."""
    if not (settings.service_keys or settings.allow_open or is_loopback(settings.host)):
        raise SettingsError(
            f"The setting 'host' is {settings.host!r}: whoever reaches the port would use your upstream and "
            "your key. Give service_keys (ROOBRIDGE_SERVICE_KEYS) that clients must send, or listen on "
            "127.0.0.1, or say --allow-open where something else keeps strangers out.",
            code="bad_setting",
            param="host",
        )
    bare = [name for name in settings.upstream_names if _wants_a_key(settings.at(name))]
    if settings.service_keys and bare:
        raise SettingsError(
            "The setting 'service_keys' is given, so that the keys of clients are the service's own and "
            f"never the upstream's: give the one of {bare[0]} in api_key (ROOBRIDGE_API_KEY, or its table in "
            "the settings file).",
            code="bad_setting",
            param="api_key",
        )


def _wants_a_key(settings: Settings) -> bool:
    """Whether the one upstream of these settings has none, and is not one that needs none."""
    has_key = settings.api_key or settings.qwen_token or settings.qwen_cookies
    return not (has_key or settings.upstream_name == "replay" or at_home(settings))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a service that listens there. Other names are not looked up."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"

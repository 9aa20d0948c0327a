"""A certificate of an authority that nobody knows, for TLS over loopback."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import msgspec

from tests.required import unavailable

_CONFIG = """
[req]
distinguished_name = name
x509_extensions = server
[name]
[server]
subjectAltName = IP:127.0.0.1, DNS:upstream.invalid
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, digitalSignature
"""


class Certificate(msgspec.Struct, frozen=True):
    """authority: the file that a client has to trust. server: what a server needs."""

    authority: Path
    server: ssl.SSLContext


def new_certificate(folder: Path) -> Certificate:
    """For 127.0.0.1 and upstream.invalid, its own authority. Skips the test where there is no openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        unavailable("openssl", "there is no openssl")
    config, key, authority = folder / "openssl.cnf", folder / "key.pem", folder / "authority.pem"
    config.write_text(_CONFIG, encoding="utf-8")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    files = ["-config", str(config), "-keyout", str(key), "-out", str(authority)]
    asked = [openssl, "req", "-x509", "-days", "2", "-subj", "/CN=made up", *kind, *files]
    subprocess.run(asked, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority, key)
    return Certificate(authority, server)

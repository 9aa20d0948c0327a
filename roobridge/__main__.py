"""`python -m roobridge`."""

from __future__ import annotations

from roobridge.cli import main

main()

"""`python -m roobridge`."""

from __future__ import annotations

from roobridge.cli import main

if __name__ == "__main__":  # worker processes import this module under another name
    main()

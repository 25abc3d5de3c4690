"""The tables of README and docs, written by `python -m core.readme` and checked with --check.

At the top of the house: it may use every room, and no room uses it. Its face is `main`.
"""

from core.readme.pages import main

__all__ = ["main"]

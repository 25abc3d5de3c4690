"""The tables of README and docs: written by `python -m core.readme`, checked with --check.

The top of the house, beside the commands: it may use every room, and no room uses it. Its face is `main`.
"""

from core.readme.pages import main

__all__ = ["main"]

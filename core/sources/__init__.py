"""Photo sources: one file per kind of photo set, each a registered function path → Listing.

Uses scenes and photos. Face: `open_source`, `is_registered`, and the entries of `SOURCES`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import ParameterError, SourceError
from core.photos.addresses import is_address
from core.registry import SOURCES, Entry
from core.types import Listing

log = logging.getLogger(__name__)


def open_source(name: str, split: int = 1, tell: Callable[[str], object] | None = None) -> Listing:
    """The photos behind a path (folder, LaMem layout, CSV), an address ("s3://…") or a registered id such as "samples".

    A colon after an id gives its parameters, "generated:cause=text,n=50"; one without a name is the first,
    "generated:text". `split` chooses among the splits of LaMem's layout. Of several sources that accept a path,
    one with scores comes first, and the plain folder last. What a source notes is told to `tell`, or else logged, which
    says it on standard error: whoever opens it, nothing is passed over in silence. SourceError says what is missing.
    """
    listing = _opened(name, split)
    for note in listing.notes:
        if tell:
            tell(note)
        else:
            log.warning("%s: %s", name, note)
    return listing


def is_registered(name: str) -> bool:
    """Whether a name is that of a source which needs no path, and of no file: "samples", "generated:text"."""
    known = name.partition(":")[0]
    there = known in SOURCES and "path" not in SOURCES[known].facts.get("needs", ("path",))
    return there and not os.path.exists(name)


def _opened(name: str, split: int) -> Listing:
    if is_address(name):
        (entry,) = (entry for entry in SOURCES if entry.facts.get("at_address"))
        return entry.function(name)
    path = Path(name)
    if not os.path.exists(path):  # false, not an error, for a name that no file can have
        known, _, settings = name.partition(":")
        if is_registered(name):
            return SOURCES[known].function(**SOURCES[known].arguments(_parsed(SOURCES[known], settings)))
        raise SourceError(f"{name}: there is no such folder, CSV or packaged source.")
    candidates = sorted(SOURCES, key=lambda entry: (not entry.facts["scored"], entry.facts.get("fallback", False)))
    for entry in candidates:
        if entry.facts["accepts"](path):
            return entry.function(path, **entry.arguments({"split": split} if split != 1 else {}))
    raise SourceError(f"{name}: this is neither a folder nor a CSV with the columns image_path,memorability_score.")


def _parsed(entry: Entry[Any], settings: str) -> dict[str, str]:
    """Parameters written as "name=value,name=value", as they are; ParameterError for anything else."""
    given: dict[str, str] = {}
    for number, item in enumerate(settings.split(",") if settings else ()):
        name, equals, value = item.rpartition("=")
        if not equals and (number or not entry.params):
            raise ParameterError(f"{entry.id}:{settings}: {item!r} is not of the form name=value.")
        given[name if equals else entry.params[0].name] = value
    return given

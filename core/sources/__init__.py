"""Photo sources: one file per kind of photo set, each a registered function path → Listing."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import SourceError
from core.registry import SOURCES
from core.types import Listing


def open_source(name: str, split: int = 1) -> Listing:
    """The photos behind a path (folder, LaMem layout, CSV) or a registered id such as «samples».

    `split` chooses among the splits of LaMem's layout. Of several sources that accept a path,
    one with scores comes first. SourceError says what is missing.
    """
    path = Path(name)
    if not os.path.exists(path):  # false, not an error, for a name that no file can have
        if name in SOURCES and "path" not in SOURCES[name].facts.get("needs", ("path",)):
            return SOURCES[name].function()
        raise SourceError(f"{name}: there is no such folder, CSV or packaged source.")
    candidates = sorted(SOURCES, key=lambda entry: not entry.facts["scored"])
    for entry in candidates:
        if entry.facts["accepts"](path):
            return entry.function(path, **entry.arguments({"split": split} if split != 1 else {}))
    raise SourceError(f"{name}: this is neither a folder nor a CSV with the columns image_path,memorability_score.")

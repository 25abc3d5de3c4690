"""Studies at hand: those that come with the project and those that were run here; never imports torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import config
from core.errors import SourceError
from core.files import json_of, write_text
from core.records import FileName, typed
from core.sources import open_source
from core.types import Photo

SHIPPED = "studies"
REFERENCE = "reference"
"""The shipped study of the default model on photos that it never saw."""
SETTINGS, WEIGHTS = "study.json", "model.safetensors"
PLACES = "places.json"
"""Where a study's sources were on the machine that ran it: source name → what was given on the command line."""
STORED = "baseline.json"
"""Written last of a study's aggregates: where it is, the others are."""


def studies() -> dict[str, Path]:
    """Folders of studies with stored effects by name: those of `artifacts/` first, then those of `runs/`."""
    found: dict[str, Path] = {}
    for parent in (config.ARTIFACTS / SHIPPED, config.RUNS):
        for file in sorted(parent.glob(f"*/{STORED}")):
            found.setdefault(file.parent.name, file.parent)
    return found


def reference() -> Path | None:
    """The folder of the shipped reference study, if there is one."""
    return {name: folder for name, folder in studies().items() if folder.parent.name == SHIPPED}.get(REFERENCE)


def is_of_other_weights(folder: Path) -> bool:
    """Whether a study was made with weights of its model that are not the shipped ones; False where that is unknown."""
    try:
        settings = typed(Mapping[str, Any], json_of((folder / SETTINGS).read_text(encoding="utf-8")))
        name, _, known = typed(FileName, settings["model_identity"]).rpartition("-")
        weights = (config.ARTIFACTS / name / WEIGHTS).read_bytes()
    except (OSError, ValueError, KeyError):
        return False
    return not hashlib.sha256(weights).hexdigest().startswith(known)


def place_of(source: str) -> str:
    """Where a source is found again from another folder; registered ids and addresses stay as they are."""
    return str(Path(source).resolve()) if Path(source).exists() else source


def write_photo_places(folder: Path, places: Mapping[str, str]) -> None:
    """Note where a study's sources are, beside it and not in it: that is true on this machine only."""
    write_text(folder / PLACES, json.dumps(dict(places), indent=1, ensure_ascii=False) + "\n")


def available_photos(folder: Path, source: str) -> dict[str, Photo]:
    """Photos of one of a study's sources by id, as far as they are on this machine; empty where they are not."""
    file = folder / PLACES
    try:
        place = json_of(file.read_text(encoding="utf-8"))[source]
        return {photo.id: photo for photo in open_source(str(place)).photos}
    except (OSError, ValueError, LookupError, TypeError, SourceError):
        return {}

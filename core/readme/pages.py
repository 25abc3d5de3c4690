"""The texts that hold tables, and the tables between their markers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from core import config
from core.files import write_text
from core.readme import results, where
from core.readme.registries import registry_table
from core.registry import (
    ABLATIONS,
    ATTRIBUTIONS,
    COMMANDS,
    ENGINES,
    FILLS,
    LOSSES,
    MASKS,
    MODELS,
    NETWORKS,
    PROJECTIONS,
    SOURCES,
    SPACES,
)

BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

TABLES: dict[str, Callable[[], str]] = {
    "models": lambda: registry_table(MODELS),
    "engines": lambda: registry_table(ENGINES),
    "sources": lambda: registry_table(SOURCES),
    "ablations": lambda: registry_table(ABLATIONS),
    "masks": lambda: registry_table(MASKS),
    "fills": lambda: registry_table(FILLS),
    "detectors": results.detector_table,
    "detector_sizes": results.detector_size_table,
    "attributions": lambda: registry_table(ATTRIBUTIONS),
    "losses": lambda: registry_table(LOSSES),
    "networks": lambda: registry_table(NETWORKS),
    "commands": lambda: registry_table(COMMANDS),
    "spaces": lambda: registry_table(SPACES),
    "projections": lambda: registry_table(PROJECTIONS),
    "quality": results.quality_table,
    "seeds": results.seeds_table,
    "calibration": results.calibration_table,
    "findings": results.findings_table,
    "verdicts": results.verdicts,
    "validity": results.validity_table,
    "sizes": results.sizes_table,
    "published": results.published_table,
    "partition": results.partition_table,
    "map": results.map_table,
    "tried": results.tried_table,
    "agreement": results.agreement_table,
    "autoencoder": results.autoencoder_table,
    "trust": where.trust_table,
    "shares": where.shares_table,
    "concepts": where.concepts_table,
    "unusual": where.unusual_table,
}


def pages() -> list[Path]:
    """Every text that may hold tables: the README and what lies in docs/."""
    return [config.ROOT / "README.md", *sorted((config.ROOT / "docs").glob("*.md"))]


def updated(text: str) -> str:
    """A text with every table made again; KeyError for a table that nobody makes."""
    return BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def main(arguments: list[str]) -> int:
    """Write the tables, or with --check only name the files that are out of date."""
    late = 0
    for file in pages():
        text = file.read_text(encoding="utf-8")
        fresh = updated(text)
        if fresh != text and "--check" in arguments:
            print(f"{file.relative_to(config.ROOT)} is out of date; run: python -m core.readme", file=sys.stderr)
            late = 1
        elif fresh != text:
            write_text(file, fresh)
    return late

"""The lock file holds everything that is required, at a version that is allowed, each with its hashes."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core import config

LOCK = (config.ROOT / "requirements.lock").read_text(encoding="utf-8")
PARTS = ("", "-dev", "-reference", "-engines", "-cluster", "-pair")
ENTRY = re.compile(r"^([\w.-]+)==([\w.+!-]+)(.*?)(?=^[\w.-]+==|\Z)", re.MULTILINE | re.DOTALL)


def locked() -> dict[str, str]:
    """Version by package; the first where a package has several, by system."""
    found: dict[str, str] = {}
    for name, version, _ in ENTRY.findall(LOCK):
        found.setdefault(canonicalize_name(name), version)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_every_requirement_is_locked_at_a_version_that_is_allowed(part: str) -> None:
    lines = (config.ROOT / f"requirements{part}.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    assert wanted
    versions = locked()
    assert [
        str(item) for item in wanted if not item.specifier.contains(versions.get(canonicalize_name(item.name), "0"))
    ] == []


def test_every_entry_has_hashes_and_no_address() -> None:
    entries = ENTRY.findall(LOCK)
    assert len(entries) > 100
    assert [name for name, _, rest in entries if "--hash=sha256:" not in rest] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links| @ ", LOCK)

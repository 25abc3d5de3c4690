"""What is loaded for good is left out of the collections that follow every run of a page."""

from __future__ import annotations

import gc

import pytest

from ui import garbage


@pytest.fixture(autouse=True)
def thawed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_loaded", 0)


def test_only_many_new_modules_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage.sys, "modules", dict.fromkeys(map(str, range(100))))
    garbage.keep_what_is_loaded()
    before = gc.get_freeze_count()
    assert before > 0
    kept = [[number] for number in range(1000)]
    garbage.keep_what_is_loaded()
    assert gc.get_freeze_count() <= before
    monkeypatch.setattr(garbage.sys, "modules", dict.fromkeys(map(str, range(100 + garbage.FEW))))
    garbage.keep_what_is_loaded()
    assert gc.get_freeze_count() >= before + len(kept)


def test_what_a_visit_leaves_is_still_collected() -> None:
    class Left:
        """It points at itself: only a collection frees it."""

    garbage.keep_what_is_loaded()
    left = Left()
    left.itself = left  # type: ignore[attr-defined]
    freed: list[bool] = []
    from weakref import finalize

    finalize(left, freed.append, True)
    del left
    gc.collect()
    assert freed

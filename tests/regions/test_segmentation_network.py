"""The network that names every pixel."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import CheckpointError


def test_a_head_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    from core.regions.segmentation_network import head

    with pytest.raises(CheckpointError, match=r"head\.safetensors is missing; fetch"):
        head(tmp_path / "head.safetensors")

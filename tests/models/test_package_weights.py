"""Weights inside packages: tensors are read, code is not run, and what is neither is one sentence."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
import torch

from core.errors import CheckpointError
from core.models.package_weights import read_package_weights


class Payload:
    """A pickle that makes a folder when it is opened without care."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_are_read_as_they_were_saved(zipped: bool, tmp_path: Path) -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4)}
    torch.save(weights, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    found = read_package_weights(tmp_path / "w.pt")
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], value) for name, value in weights.items())


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_file_is_refused_and_does_not_run(zipped: bool, tmp_path: Path) -> None:
    torch.save({"a": Payload(tmp_path / "ran")}, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"w\.pt"):
        read_package_weights(tmp_path / "w.pt")
    assert not (tmp_path / "ran").exists()


def test_what_holds_no_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("hello")
    torch.save({"a": 1}, tmp_path / "number.pt")
    for name in ("text.pt", "number.pt", "absent.pt"):
        with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
            read_package_weights(tmp_path / name)


def test_a_file_that_says_to_be_one_of_many_zips_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "w.pt"
    file.write_bytes(struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 7) + b"PK\x05\x06" + bytes(18))
    with pytest.raises(CheckpointError, match=r"w\.pt"):
        read_package_weights(file)

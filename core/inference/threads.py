"""Who uses the cores: workers side by side, each with one thread a call, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import torch


@contextmanager
def single_threads() -> Iterator[None]:
    """One thread a call in torch and OpenCV: the workers use the cores, and do not wait for one another."""
    before, before_cv2 = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        cv2.setNumThreads(before_cv2)

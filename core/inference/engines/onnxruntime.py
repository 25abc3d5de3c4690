"""ONNX Runtime on the processor."""

from __future__ import annotations

import numpy as np

from core.config import CORES
from core.inference.engine import Model, Runner, cannot_start, exported_runner
from core.registry import ENGINES


def _native() -> tuple[str, ...]:
    return ("fp32",)


def _faults() -> tuple[type[Exception], ...]:
    """The package's own exceptions, which have no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return tuple(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))


@ENGINES.register("ONNX Runtime", package="onnxruntime", precisions=_native, speed={"fp32": 1.3}, module=False)
def onnxruntime(model: Model, callers: int, *, precision: str = "fp32") -> Runner:
    """ONNX Runtime on the processor, in 32 bits: the fastest where there are no native 16-bit numbers."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    # With one thread a session computes in its caller's own, so that as many callers as cores keep all cores at work.
    options.intra_op_num_threads = max(1, CORES // callers)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other work shares the cores
    file = model.onnx()
    try:
        session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except _faults() as error:
        raise cannot_start("ONNX Runtime", file, error) from error

    def run(squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, features = session.run(["scores", "features"], {"squares": squares})
        return scores, features

    return exported_runner(run)

"""OpenVINO on the processor."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import numpy as np

from core.config import CORES
from core.errors import EngineError
from core.inference.engine import Model, Runner, cannot_start, exported_runner
from core.registry import ENGINES, Choice

HINTS = {"fp32": "f32", "bf16": "bf16"}


def _native() -> tuple[str, ...]:
    import openvino as ov

    able = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("fp32", "bf16") if "BF16" in able else ("fp32",)


@ENGINES.register("OpenVINO", package="openvino", precisions=_native, speed={"fp32": 1.25, "bf16": 2.6}, module=False)
def openvino(model: Model, callers: int, *, precision: Annotated[str, Choice(tuple(HINTS))] = "fp32") -> Runner:
    """OpenVINO on the processor, in 32 bits or in bfloat16: the fastest where the processor has that natively."""
    import openvino as ov

    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "NUM_STREAMS": callers,  # each caller has a stream of its own, and the streams share the cores
        "INFERENCE_NUM_THREADS": max(callers, CORES),
        "ENABLE_CPU_PINNING": False,  # other work shares the cores
    }
    file = model.onnx()
    try:
        compiled = ov.Core().compile_model(str(file), "CPU", settings)
    except RuntimeError as error:
        raise cannot_start("OpenVINO", file, error) from error
    used = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if used != HINTS[precision]:
        raise EngineError(f"OpenVINO computes in {used} here though {precision} was asked for; choose another one.")
    own = threading.local()

    def run(squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        answer = own.request.infer({"squares": squares}, share_inputs=True)
        return answer["scores"].copy(), answer["features"].copy()  # the request's own buffers are written again

    return exported_runner(run)

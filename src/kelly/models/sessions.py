"""Sessions of onnxruntime, in which nothing depends on the machine's load, nor on what runs beside them.

Conventions: one thread, or the last digit of a sum would hang on how it is shared out. Weights that a file keeps in 8
bits are widened when it is loaded, and what is worked out with them is never rounded.
"""

from __future__ import annotations

from typing import Any

__all__ = ["opened"]

_EXACTLY = ("session.disable_quant_qdq", "1")  # else activations would be rounded, and weights widened at each run
_ERRORS = 4  # what goes wrong is told by the error, and not beside it


def opened(data: bytes) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    """A session of a file. Raises: errors of onnxruntime, which have no root of their own."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS
    options.add_session_config_entry(*_EXACTLY)
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"], enable_fallback=0)

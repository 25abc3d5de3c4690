"""`python -m benchmarks NAME`: run one measurement; without a name, list them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from core.commandline import report_errors


def main() -> int:
    """Find the measurement by its module's name and run it."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print(f"usage: python -m benchmarks NAME; the measurements: {', '.join(names)}", file=sys.stderr)
        return 2
    with report_errors() as outcome:
        importlib.import_module(f"benchmarks.{sys.argv[1]}").main(sys.argv[2:])
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())

"""benchmarks lies beside the package, and pytest's importlib mode puts no directory on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

"""What the statistics pull in."""

from __future__ import annotations

import subprocess
import sys


def test_statistics_import_scipy_special_only() -> None:
    """Importing every module of the statistics leaves scipy.stats and pandas unloaded."""
    code = (
        "import importlib, pkgutil, sys, harness.stats as room\n"
        "for module in pkgutil.iter_modules(room.__path__):\n"
        "    importlib.import_module(f'{room.__name__}.{module.name}')\n"
        "print(*sorted({'scipy.stats', 'pandas', 'pydantic', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

"""What the command ``shiyao`` starts where the program was installed from a wheel.

The wheel holds the program as it lies in a working copy, in the folder ``program`` beside this file: so nothing of it
stands among the packages of others, where ``core`` and ``pages`` would be anybody's names.
"""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run one command of the program; exits with its code."""
    here = Path(__file__).resolve().parent
    installed = here / "program"
    sys.path.insert(0, str(installed if installed.is_dir() else here.parent))
    runpy.run_module("core", run_name="__main__", alter_sys=True)

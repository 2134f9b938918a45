"""``python -m core``."""

import gc
import sys

from core.cli import main

if __name__ == "__main__":
    # Looking for garbage among what commands import would take a tenth of the time until they begin.
    gc.set_threshold(20_000)
    sys.exit(main())

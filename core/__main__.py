"""``python -m core``."""

import gc
import sys

if __name__ == "__main__":
    # Looking for garbage among what is being imported would take a tenth of the time until a command begins.
    gc.set_threshold(20_000)

    from core.cli import main

    sys.exit(main())

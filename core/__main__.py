"""``python -m core``."""

import gc
import sys

from core.cli import main

if __name__ == "__main__":
    # Looking for garbage among what commands import would take a tenth of the time until they begin: some 300,000
    # objects, nearly none of which is garbage, and each that stays is looked at several times.
    gc.set_threshold(400_000)
    code = main()
    # At its end the interpreter would look through all of it three times more, a quarter of a second.
    gc.freeze()
    sys.exit(code)

"""``python -m core``."""

import gc
import os
import sys
from contextlib import suppress

from core.standard_streams import open_closed_streams, write_what_we_say


def _read_as_utf8() -> None:
    """Start again in Python's UTF-8 mode where ASCII alone was asked for, which has no word for what we say or read."""
    if sys.getfilesystemencoding() == "ascii" and not sys.flags.utf8_mode:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


if __name__ == "__main__":
    open_closed_streams()
    _read_as_utf8()
    write_what_we_say()
    if sys.argv[1:2] == ["import"]:
        # The process that reads the file imports beside this one, on another processor.
        from core.services.datasets.reader_start import start_early

        with suppress(OSError):  # whoever reads the file is told
            start_early()
    # Looking for garbage among what commands import would take a tenth of the time until they begin: some 300,000
    # objects, nearly none of which is garbage, and each that stays is looked at several times.
    gc.set_threshold(400_000)
    # Nobody here has a plugin for pydantic, which would look through all installed packages for some, 40 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from core.cli import main

    code = main()
    # At its end the interpreter would look through all of it three times more, a quarter of a second.
    gc.freeze()
    sys.exit(code)

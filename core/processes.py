"""Other processes of this machine."""

import os


def is_running(process: int) -> bool:
    """Whether there is a process of that number on this machine, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

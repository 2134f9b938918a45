"""Files that are new: written whole, or not there."""

from pathlib import Path


def write_new_file(path: Path, text: str) -> None:
    """Write a text as UTF-8 to a file that is not there yet; where it cannot be written whole, none is left.

    Raises:
        FileExistsError: it is there already; it stays as it is.
        OSError: it cannot be written.
    """
    with path.open("x", encoding="utf-8", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise

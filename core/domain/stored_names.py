"""Which names people may give to what is stored: one rule for datasets, runs, batches and models."""

from core.domain.unseen_characters import UNSEEN, is_blank

LONGEST_RUN_NAME = 200
"""Characters; names of runs are put together of others."""


def is_usable_name(name: str, most: int) -> bool:
    """Whether a name can be read on one line and told from others.

    Args:
        name: without white space around it.
        most: characters that it may have.
    """
    return not is_blank(name) and len(name) <= most and name.isprintable() and not UNSEEN.search(name)

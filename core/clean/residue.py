"""The first cleaning step: the conversation without what an online spreadsheet left behind it."""

from core.chat.residue import find_residue


def without_residue(text: str) -> str:
    """The conversation of a stored text, letter for letter; the same as ``parse_chat(text).conversation``.

    Parsing all messages is not needed for it, which matters when ten thousand chats are exported.

    Args:
        text: the stored text.
    """
    residue = find_residue(text)
    return (text if residue is None else text[: residue.start]).rstrip("\n")

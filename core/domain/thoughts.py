"""Tells what a model says from what it thinks aloud before it, between tags such as ``<think>``."""

import re

_THINKING = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)

THOUGHTS = "已去掉思考过程"


def split_thoughts(text: str) -> tuple[str, str, bool]:
    """What was said, what was thought, and whether the last thought was closed.

    Some chat templates swallow the opening tag: a closing one alone ends a thought that began with the text.
    """
    spoken: list[str] = []
    thought: list[str] = []
    position, inside = 0, False
    for tag in _THINKING.finditer(text):
        part = text[position : tag.start()]
        if tag[1] and not inside:
            thought += [*spoken, part]
            spoken = []
        else:
            (thought if inside else spoken).append(part)
        inside = not tag[1]
        position = tag.end()
    (thought if inside else spoken).append(text[position:])
    return "".join(spoken), "".join(thought), not inside

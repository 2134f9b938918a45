"""Choosing the model of a new run: from the list, or a name that the endpoint of the environment knows."""

from collections.abc import Sequence

import streamlit as st

from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import address
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown

_SEPARATOR = "\n"
_ELSEWHERE = "OpenAI 兼容接口"


def choose_model(options: Sequence[RunOption]) -> RunOption:
    """Draw the choice; the model that the address asks for stands chosen at first.

    A name that is typed goes to another service only where nobody can mean a model of the list by it: the list offers
    what is typed before what it holds, so half of a name and Enter would send chats away.

    Args:
        options: what :func:`core.services.extraction.runs.run_options` gave.
    """
    by_key = {f"{option.spec.provider}{_SEPARATOR}{option.spec.name}": option for option in options}
    keys = list(by_key)
    requested = address.text_parameter("model")
    first = next((place for place, option in enumerate(options) if option.spec.name == requested), 0)
    chosen = st.selectbox(
        "模型",
        keys,
        format_func=lambda key: by_key[key].label if key in by_key else f"{key} · {_ELSEWHERE}",
        accept_new_options=True,
        placeholder="选择，或输入 OPENAI_BASE_URL 上的模型名",
        key=held_choice(f"runs-model-{requested}", keys, first, may_be_new=True),
    )
    if chosen in by_key:
        return by_key[chosen]
    typed = (chosen or "").strip()
    meant = models_meant_by(typed, options)
    if not meant:
        return run_service.typed_option(typed)
    names = [option.label for option in meant]
    places = range(len(meant) + 1)
    place = st.radio(
        f"「{escape_markdown(typed)}」是指哪一个？",
        places,
        format_func=lambda number: escape_markdown((*names, f"{_ELSEWHERE}上名为「{typed}」的模型")[number]),
        key=held_choice(f"runs-meant-{typed}", places),
    )
    return meant[place] if place < len(meant) else run_service.typed_option(typed)


def models_meant_by(typed: str, options: Sequence[RunOption]) -> list[RunOption]:
    """The listed models that somebody can mean by what they typed: those whose label holds it, in any case."""
    name = typed.strip().casefold()
    return [option for option in options if name in option.label.casefold()] if name else []

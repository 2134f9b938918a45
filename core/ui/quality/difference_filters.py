"""Above the compared runs: which differences to walk through, and how the prompts differ."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.domain.diff import diff_text
from core.domain.form import Form
from core.services.quality import Alignment, Difference, difference_rows, remember_reference_shown
from core.ui import address, diff, state
from core.ui.markdown import escape_markdown
from core.ui.quality.leaderboard import reads_prompt
from core.ui.tables import draw_csv_button

MODES = ("抽取任务之间不同", "与对照不同", "全部字段")
_ANY_FIELD = "所有字段"


def draw_prompt_differences(alignment: Alignment) -> None:
    """Expander with the differences between the runs' prompts."""
    with_prompt = [run for run in alignment.runs if run.prompt_text and reads_prompt(run)]
    if len(with_prompt) < 2:
        return
    first, *others = with_prompt
    same = all(run.prompt_sha256 == first.prompt_sha256 for run in others)
    label = "提示词相同" if same else "提示词有不同"
    with st.expander(
        f"{label}："
        f"{'、'.join(f'{escape_markdown(r.prompt_name)}.v{escape_markdown(r.prompt_version)}' for r in with_prompt)}"
    ):
        if same:
            st.caption("这些抽取任务用的是同一个提示词，差别来自模型、参数或抽样。")
            return
        for run in others:
            if run.prompt_sha256 != first.prompt_sha256:
                st.caption(
                    f"从 {escape_markdown(first.prompt_name)}.v{escape_markdown(first.prompt_version)} 到 "
                    f"{escape_markdown(run.prompt_name)}.v{escape_markdown(run.prompt_version)}"
                )
                with st.container(height=320):
                    st.html(diff.STYLE + diff.text_html(diff_text(first.prompt_text, run.prompt_text)))


def choose_one_field(place: DeltaGenerator, form: Form, *, every: str) -> str:
    """Select box for one field or all of them, kept in the address by its key.

    Args:
        place: where to draw it.
        form: whose fields.
        every: title of the choice of all fields.

    Returns:
        The field's key, ``""`` for all.
    """
    labels = {field.key: field.label for field in form.fields}
    chosen = address.select(
        place,
        "字段",
        ["", *labels],
        key="field",
        what="字段",
        format_func=lambda key: labels.get(key, every),
    )
    return chosen or ""


def choose_differences(alignment: Alignment, place: DeltaGenerator) -> tuple[list[Difference], str, str]:
    """Filters above the compared runs.

    Returns:
        The differences to walk through, the mode (one of ``MODES``) and the only field, ``""`` for all.
    """
    left, right = place.columns([15, 8], vertical_alignment="bottom")
    modes = MODES if alignment.against else (MODES[0], MODES[2])
    if len(alignment.runs) == 1:  # against its reference
        modes = MODES[1:]
    mode = address.segments(left, "只看", modes, key="show", what="差异")
    key = choose_one_field(right, alignment.form, every=_ANY_FIELD)
    places = alignment.differences(with_reference=mode != MODES[0], key=key)
    return places, mode, key


def draw_differences_csv(alignment: Alignment, places: list[Difference], dataset: DatasetView) -> None:
    """Buttons that download these differences as a table, as they are and masked."""
    draw_csv_button(
        lambda: _taken_rows(alignment, places, dataset),
        name="差异",
        key="compare-csv",
        label=f"下载 {len(places):,} 处差异",
        dataset=dataset,
    )


def _taken_rows(alignment: Alignment, places: list[Difference], dataset: DatasetView) -> list[dict[str, str | int]]:
    """The differences as rows of a file that somebody takes."""
    remember_reference_shown(state.store(), dataset.id, alignment, {place.chat for place in places})
    return difference_rows(alignment, places)

"""Which form a new dataset gets: chosen on 导入, in the address."""

import streamlit as st

from core.domain.form import form_label
from core.services.forms import known_forms
from core.services.forms.library import default_form
from core.ui import address, navigation, state


def choose_form() -> str:
    """A box for the form of a new dataset, where there is more than one; its reference."""
    with state.store().read() as session:
        known = {one.reference: one for one in known_forms(session) if not one.problem}
        usual = default_form(session)
    if set(known) <= {usual}:
        return usual
    references = list(dict.fromkeys([usual, *known]))
    return (
        address.select(
            st.container(),
            "表单（新数据集用）",
            references,
            key="form",
            what="表单",
            format_func=lambda reference: known[reference].label if reference in known else form_label(reference),
            link=address.Link(navigation.FORMS, "全部表单", {}),
        )
        or usual
    )

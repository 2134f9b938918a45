"""总览: progress and next step of each dataset, how the work goes, and the latest saves."""

import streamlit as st

from core.errors import FormError
from core.services.review import overview
from core.ui import state
from core.ui.home.dataset_status import draw_dataset_status, draw_import_link, draw_recent_saves
from core.ui.home.first_minute import draw_first_minute, is_first_minute
from core.ui.home.lead_panel import draw_progress_of, view_of

title, rest = st.columns([6, 2], vertical_alignment="center")
title.title("总览")
states, events = overview(state.store())
with rest:
    draw_import_link(states)
asks_name = is_first_minute(states) and draw_first_minute(states)
views = {item.dataset.id: view_of(item) for item in states}
for number, dataset_state in enumerate(states):
    draw_dataset_status(dataset_state, views[dataset_state.dataset.id], first=not number and not asks_name)
draw_progress_of(states, {number: view for number, view in views.items() if not isinstance(view, FormError)})
draw_recent_saves(events)

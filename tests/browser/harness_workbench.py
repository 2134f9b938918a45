"""A page with nothing but the workbench over a stand-in for the service; tests start it with `serve`.

``HARNESS_STATE`` names a folder; the address's ``state`` names the folder in it where one test keeps its ``state.json``
and its dataset number. A file beside it called ``foreign.json`` (``{"chat", "who", "key", "value"}``) is applied once
as somebody else's save; ``stop`` makes the harness swallow saves without an answer; ``element`` is part of the
component's key, so that writing it makes Streamlit build the element anew; ``controls`` draws a list and a popover
above the workbench.
"""

import json
import os
from pathlib import Path

import streamlit as st

from core.domain.form import load_named_form
from core.ui.notices import fragment
from core.ui.workbench import outbox_of, workbench
from tests.browser.fake_review import FakeReview

st.set_page_config(layout="wide", page_title="审阅台")
KEY = "harness"


def desk() -> None:
    folder = Path(os.environ["HARNESS_STATE"]) / st.query_params.get("state", "0")
    folder.mkdir(exist_ok=True)
    element = folder / "element"
    key = KEY + (element.read_text("utf-8") if element.exists() else "")
    sent = outbox_of(key)
    service = FakeReview(folder / "state.json", load_named_form(), 30)
    foreign = folder / "foreign.json"
    if sent.outbox and foreign.exists():  # right before this turn's own saves: a turn of the opening must not take it
        news = json.loads(foreign.read_text("utf-8"))
        foreign.unlink()
        service.foreign_save(news["chat"], news["who"], news["key"], news["value"])
    stopped = (folder / "stop").exists()
    asked = st.query_params.get("chat", "")
    at = sent.at or (int(asked) if asked.isdecimal() else None)
    data = service.turn([] if stopped else list(sent.outbox), at, "林晓", sent.want_residue)
    if st.query_params.get("chat") != str(data["open"]):
        st.query_params["chat"] = str(data["open"])
    if (folder / "controls").exists():
        st.selectbox("起始值", ["甲", "乙"])
        with st.popover("筛选"):
            st.radio("顺序", ["按序号", "随机"])
    workbench(data, key=key)


st.navigation(
    {
        "审阅": [st.Page(fragment(desk), title="审阅台", url_path="workbench", default=True)],
        "数据": [st.Page(lambda: st.write("空页"), title="导入", url_path="import")],
    },
    position="top",
).run()

"""The page 合并任务, driven from the app's entry."""

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.settings import settings
from core.store import Store, queries
from core.store.models import Chat, Extraction, ExtractionStatus, Run, RunKind, RunStatus
from tests.core.exporting import fill

PAGE = "pages/extract/merge.py"


@pytest.fixture
def page(store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    st.cache_resource.clear()

    def opened() -> AppTest:
        app = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60).run()
        return app.switch_page(PAGE).run()

    yield opened
    settings.cache_clear()
    st.cache_resource.clear()


def said(app: AppTest) -> str:
    return "\n".join(str(part.value) for kind in ("markdown", "caption", "success", "error") for part in app.get(kind))


def test_one_run_is_not_enough(page: Any, store: Store) -> None:
    fill(store)
    assert "还差一个抽取任务" in said(page())


def test_two_runs_become_one_per_field(page: Any, store: Store) -> None:
    number = fill(store)
    with store.write() as session:
        other = queries.run(session, "模型", number)
        run = Run(dataset_id=number, name="模型二", kind=RunKind.IMPORT, status=RunStatus.FINISHED, total=4)
        session.add(run)
        session.flush()
        forms = queries.forms_by_index(session, other.id)
        for chat in session.execute(select(Chat)).scalars().all():
            changed = [one | {"客户购买阶段": "报价"} for one in forms.get(chat.index, [])]
            ok = ExtractionStatus.OK
            session.add(Extraction(run_id=run.id, chat_id=chat.id, status=ok, forms=changed))
    app = page()
    assert not app.exception and "格说法不同" in said(app)
    app.radio(key="merge-method").set_value("best").run()
    assert [metric.label for metric in app.metric][0] == "交叉验证的估计"
    next(one for one in app.button if one.label == "合并").click().run()
    assert "已存为任务" in said(app)
    with store.read() as session:
        kinds = [run.kind for run in queries.runs(session, number)]
    assert RunKind.MERGE in kinds

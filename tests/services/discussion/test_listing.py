"""Which discussions are listed, how they read, and how they stand beside customers in a table that comes back."""

from pathlib import Path

import pandas as pd
import pytest

from core.adapters.store import DatasetView, Store
from core.domain.masking import Mask, Masked
from core.errors import InputError, NotFoundError
from core.services.discussion.listing import (
    AWAITS_ME,
    EVERY_STATE,
    MINE,
    RESOLVED,
    WHOLE_CHAT,
    DiscussionFilter,
    discussion_rows,
    discussions,
    texts_of_customers,
)
from core.services.discussion.remarks import add_remark
from core.services.export import TableFormat, export_table, parse_source
from core.services.export.discussion_column import MOST_CHARACTERS
from core.services.review import apply_saves
from core.services.review.records.table_return import preview_table
from tests.factories.datasets import FORM, make_dataset, make_form, make_record
from tests.factories.quality import NAME, STAGE, TODO
from tests.services.discussion.test_remarks import remark, say
from tests.services.team.test_roles import save


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    made = make_dataset(store, [f"林舟{n}：多少钱，电话 1380000000{n}\n客服小何：稍后" for n in range(1, 4)])
    for index, reviewer in enumerate(("王芳", "林晓"), 1):
        customers = [{"values": make_form({NAME: name})} for name in (f"林舟{index}", "周遥")]
        raw = save(index, reviewer) | {"customers": customers}
        (ack,) = apply_saves(store, FORM, made.id, [raw], reviewer=reviewer)
        assert ack.result == "saved", ack.why
    say(store, made, "口径？ @林晓")
    say(store, made, "=1+1 电话 13800000002", "林晓", chat=2, field=TODO, customer=1, customer_name="周遥")
    say(store, made, "整条先放着", chat=2, field="", customer=None, customer_name="")
    say(store, made, "不改", "林晓", chat=2, field="", customer=None, customer_name="", kind="解决")
    return made


@pytest.mark.both_databases
def test_discussions_are_filtered(store: Store, dataset: DatasetView) -> None:
    def listed(viewer: str = "", **which: object) -> list[tuple[int, str]]:
        chosen = DiscussionFilter(**which)  # type: ignore[arg-type]
        return [(one.chat, one.field) for one in discussions(store, dataset.id, chosen, viewer=viewer)]

    assert listed() == [(1, STAGE), (2, TODO)]
    assert listed(state=RESOLVED) == [(2, "")]
    assert listed(state=EVERY_STATE) == [(1, STAGE), (2, TODO), (2, "")]
    assert listed(state=EVERY_STATE, field=WHOLE_CHAT) == [(2, "")]
    assert listed(field=STAGE) == [(1, STAGE)] and listed(chat=3) == []
    assert listed("林晓", whose=AWAITS_ME) == [(1, STAGE)] and listed("王芳", whose=AWAITS_ME) == []
    assert listed("林晓", whose=MINE, state=EVERY_STATE) == [(2, TODO), (2, "")]
    with pytest.raises(InputError, match="是谁"):
        listed(whose=MINE)
    with pytest.raises(InputError, match="没有「别的」"):
        listed(state="别的")


def test_rows_say_what_a_list_needs(store: Store, dataset: DatasetView) -> None:
    first, _, third = discussion_rows(discussions(store, dataset.id, DiscussionFilter(state=EVERY_STATE)), FORM)
    assert (first["关于"], first["等谁回复"], first["评论"]) == (f"客户 1 林舟1 · {FORM.field(STAGE).label}", "林晓", 1)
    assert (third["关于"], third["状态"], third["解决人"]) == (WHOLE_CHAT, "已解决", "林晓")
    assert str(third["全文"]).splitlines()[0] == "整条群聊（林晓 已解决）"


def test_what_is_about_a_customer_follows_the_name(store: Store, dataset: DatasetView) -> None:
    views = discussions(store, dataset.id, DiscussionFilter(state=EVERY_STATE, chat=2))
    first, second = texts_of_customers(views, ["周遥", "林舟2"], FORM)
    assert len(first) == 2 and second == []
    assert [len(texts) for texts in texts_of_customers(views, ["林舟2"], FORM)] == [2]


def test_of_two_customers_of_one_name_each_keeps_their_own(store: Store, dataset: DatasetView) -> None:
    for place in (0, 1):
        say(store, dataset, f"关于第 {place + 1} 位", chat=3, customer=place, of_several=True)
    views = discussions(store, dataset.id, DiscussionFilter(chat=3))
    texts = texts_of_customers(views, ["林舟1", "林舟1"], FORM)
    assert [f"关于第 {place + 1} 位" in "".join(of_one) for place, of_one in enumerate(texts)] == [True, True]
    assert [len(of_one) for of_one in texts] == [1, 1]


def test_what_is_about_a_customer_who_is_gone_is_nobody_elses(store: Store, dataset: DatasetView) -> None:
    views = discussions(store, dataset.id, DiscussionFilter(chat=2))
    first, second = texts_of_customers(views, ["陈露", "林小小"], FORM)
    assert second == [] and first[0].startswith(f"整条群聊 · 原客户 2 周遥 · {FORM.field(TODO).label}")


@pytest.mark.parametrize("table", TableFormat)
def test_a_table_has_them_and_comes_back_unchanged(
    store: Store, dataset: DatasetView, tmp_path: Path, table: TableFormat
) -> None:
    say(store, dataset, "长" * MOST_CHARACTERS, "林晓")
    out, source = tmp_path / f"t.{table}", parse_source("records")
    export_table(store, dataset=dataset.id, source=source, out=out, table=table, discussions=True)
    if table is TableFormat.CSV:
        cells = pd.read_csv(out, dtype=str, keep_default_na=False)["讨论"].tolist()
    else:
        cells = pd.read_excel(out, dtype=str, keep_default_na=False, engine="openpyxl")["讨论"].tolist()
    assert cells[0].startswith("…") and len(cells[0]) == MOST_CHARACTERS
    assert "整条先放着" in cells[2] and "=1+1" in cells[3] and cells[1] == ""
    _, returned = preview_table(store, out, filename=out.name, dataset=dataset.id)
    assert not returned.plan.chats and not [note for note in returned.notes if "讨论" in note]


@pytest.mark.parametrize("table", TableFormat)
def test_a_discussed_chat_without_customers_is_named_and_the_others_are_written(
    store: Store, dataset: DatasetView, tmp_path: Path, table: TableFormat
) -> None:
    make_record(store, dataset, 3, [], reviewer="王芳")
    say(store, dataset, "没有客户吗", chat=3, field="", customer=None, customer_name="")
    out, source = tmp_path / f"t.{table}", parse_source("records")
    result = export_table(store, dataset=dataset.id, source=source, out=out, table=table, discussions=True)
    assert result.counts["rows"] == 4 and result.lists["no_customers"] == [3]


def test_a_masked_table_hides_what_is_said_of_persons(store: Store, dataset: DatasetView, tmp_path: Path) -> None:
    mask = Mask(frozenset(Masked))
    out = tmp_path / "t.csv"
    source = parse_source("records")
    export_table(store, dataset=dataset.id, source=source, out=out, table=TableFormat.CSV, discussions=True, mask=mask)
    text = out.read_text("utf-8")
    assert "13800000002" not in text and "周遥" not in text and "口径" in text


def test_a_remark_needs_a_chat_of_the_dataset(store: Store, dataset: DatasetView) -> None:
    other = make_dataset(store, ["林舟：好\n客服小何：好"], "别的")
    number = say(store, dataset, "好").discussion
    with pytest.raises(NotFoundError, match="已经不在了"):
        add_remark(store, other.id, remark(text="好", discussion=number), who="王芳")

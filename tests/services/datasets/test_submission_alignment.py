"""Submissions whose numbers are one off, told by what was filled in."""

import json
from io import BytesIO
from typing import Any

import pytest

from core.adapters.store import Store
from core.domain.form import Form
from core.errors import InputError
from core.services.datasets import ImportReport, import_chats, import_run

NAMES = ["林小满", "周雨桐", "陈嘉禾", "许知远", "沈青禾", "陆星河"]


@pytest.fixture
def dataset(store: Store) -> int:
    rows = [
        {"chat_text": f"{name}：我是{name}，电话 1380000{at:04}\n客服阿青：好的"} for at, name in enumerate(NAMES, 1)
    ]
    return import_chats(store, BytesIO(json.dumps(rows).encode()), filename="a.json", dataset="数据").dataset_id


def attach(store: Store, form: Form, people: dict[int, int | str], **options: Any) -> ImportReport:
    """Attach a submission: by index the number of the chat from which its form is, or a name."""
    rows = []
    for index, of in people.items():
        name = NAMES[of - 1] if isinstance(of, int) else of
        phone = {"基本信息-手机号码": f"1380000{of:04}"} if isinstance(of, int) else {}
        rows.append({"index": index, "infos": [{**form.empty(), form.name_field: name, **phone}]})
    data = BytesIO(json.dumps(rows).encode())
    return import_run(store, data, filename="s.json", dataset="数据", run="甲", **options)


@pytest.mark.parametrize("dry_run", [True, False])
def test_counted_from_zero_with_the_first_one_missing_is_refused(
    store: Store, form: Form, dataset: int, dry_run: bool
) -> None:
    with pytest.raises(InputError, match=r"从 0 数起的（如 index 1 的内容在第 2 条群聊里，不在第 1 条里）"):
        attach(store, form, {index: index + 1 for index in range(1, 6)}, dry_run=dry_run)
    with pytest.raises(InputError, match="从 0 数起"):  # a gap as well, and a single one
        attach(store, form, {1: 2, 4: 5})
    with pytest.raises(InputError, match="从 0 数起"):
        attach(store, form, {2: 3})


def test_counted_from_two_is_refused(store: Store, form: Form, dataset: int) -> None:
    with pytest.raises(InputError, match="像是多数了一位"):
        attach(store, form, {index: index - 1 for index in range(2, 7)})


@pytest.mark.parametrize("order", [[3, 4, 5, 6, 1, 2], [6, 5, 4, 3, 2, 1], [4, 5, 6, 1, 2, 3], [3, 1, 5, 6, 2, 4]])
def test_forms_of_any_other_order_are_refused(store: Store, form: Form, dataset: int, order: list[int]) -> None:
    with pytest.raises(InputError, match=rf"如 index 1 的内容在第 {order[0]} 条群聊里"):
        attach(store, form, dict(enumerate(order, start=1)))


def test_forms_that_are_all_off_by_as_many_are_told_how_many(store: Store, form: Form, dataset: int) -> None:
    with pytest.raises(InputError, match="都错开 3 位"):
        attach(store, form, {1: 4, 2: 5, 3: 6})


def test_forms_of_another_dataset_are_said(store: Store, form: Form, dataset: int) -> None:
    report = attach(store, form, {index: f"赵{index}方" for index in range(1, 7)})
    assert any("有 6 条填的内容" in note and "可能是另一个数据集的结果" in note for note in report.notes)
    right = attach(store, form, {1: 1, 2: "赵方", 3: 3, 4: "钱方", 5: 5, 6: 6})
    assert not any("另一个数据集" in note for note in right.notes)


def test_gaps_and_numbers_beyond_the_end_are_no_offset(store: Store, form: Form, dataset: int) -> None:
    report = attach(store, form, {1: 1, 3: 3, 6: 6, 7: "谁"})
    assert (report.added, [row.index for row in report.rejected]) == (3, [7])
    assert not any("错开" in note or "核对" in note for note in report.notes)


def test_forms_that_slipped_behind_a_gap_are_named(store: Store, form: Form, dataset: int) -> None:
    report = attach(store, form, {1: 1, 2: 2, 3: 3, 4: 5, 5: 6})
    assert any(
        "有 2 条的内容在自己的群聊里找不到，却在后一条里" in note and "第 4、5 条" in note for note in report.notes
    )


def test_where_the_chats_do_not_tell_it_is_said(store: Store, form: Form, dataset: int) -> None:
    report = attach(store, form, dict.fromkeys(range(1, 6), "无名氏"))
    assert (report.added, any("没法核对是否从 0 数起" in note for note in report.notes)) == (5, True)
    whole = attach(store, form, dict.fromkeys(range(1, 7), "无名氏"))
    assert not any("没法核对" in note for note in whole.notes)

"""The card of a dataset as Hugging Face reads it: README.md with counts, fields and the file of its split.

Who owns the data chooses a licence and whether they may be given away; the card leaves both open and says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from core.domain.form import Form, FormValues

CARD = "README.md"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SPLITS = {"train": "train", "test": "test"}


def hub_split(split: str) -> str:
    """Name of the split in the folder: that of the dataset, ``train`` where it has none."""
    return _SPLITS.get(split, "train")


def data_place(folder: Path, split: str) -> Path:
    """Where the data lie in a folder that Hugging Face reads."""
    return folder / "data" / f"{hub_split(split)}.json"


def count_filled(form: Form, forms: Iterable[FormValues], counter: Counter[str]) -> None:
    """Count in ``counter`` how many forms have each field filled."""
    for values in forms:
        counter.update(key for key in form.keys if values.get(key))


def dataset_card(
    form: Form, *, split: str, chats: int, forms: int, filled: Mapping[str, int], masked: Iterable[str], source: str
) -> str:
    """The text of the card.

    Args:
        form: of the dataset; its fields are listed.
        split: of the dataset.
        chats: rows of the data file.
        forms: customers in all rows.
        filled: field key → forms that have it filled.
        masked: what was hidden, by name.
        source: where the answers come from, Chinese.
    """
    head: dict[str, Any] = {
        "language": ["zh"],
        "license": None,
        "task_categories": ["text-generation"],
        "size_categories": [next((size for least, size in _SIZES if chats < least), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": hub_split(split), "path": f"data/{hub_split(split)}.json"}],
            }
        ],
    }
    front = yaml.safe_dump(head, allow_unicode=True, sort_keys=False).replace(
        "license: null", "license:  # 由数据的所有者填写；没有填写之前请不要公开"
    )
    rows = "\n".join(
        f"| {_cell(one.key)} | {'列表' if one.is_list else '文本'} | {filled.get(one.key, 0):,} | {_cell(one.label)} |"
        for one in form.fields
    )
    hidden = "、".join(masked)
    privacy = f"已遮盖：{hidden}。" if hidden else "没有遮盖：含名字、电话等个人信息，给别人之前请先遮盖或取得同意。"
    return f"""---
{front}---

# 群聊要素：{_cell(form.title)}

- 群聊 {chats:,} 条，客户 {forms:,} 位；答案来自{source}。
- {privacy}
- 许可：由数据的所有者填写在文件开头的 license 里。

## 一行有什么

| 键 | 内容 |
| --- | --- |
| chat_text | 一条群聊的原文 |
| infos | 客户的列表，每位一个对象，字段如下 |

## 字段

| 字段 | 类型 | 有值的客户 | 名称 |
| --- | --- | --- | --- |
{rows}

## 怎样读

```python
from datasets import load_dataset

data = load_dataset("这个文件夹的路径", split="{hub_split(split)}")
```
"""


def _cell(text: str) -> str:
    """A text in one cell of a table: no line break, no bar that would end it."""
    return " ".join(text.split()).replace("|", "\\|")

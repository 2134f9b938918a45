"""The cards of datasets as Hugging Face reads them: README.md with counts, fields, form, and the files of each split.

Who owns the data chooses a licence and whether they may be given away; a card leaves both open and says so.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from core.domain.form import Form, FormValues
from core.errors import ExportError

CARD = "README.md"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SPLITS = {"train": "train", "test": "test"}
_OWNER = "许可：由数据的所有者填写在文件开头的 license 里。"
_MARKS = re.compile(r"([\\`*\[\]<>|#!~$]|(?<![^\W_])_|_(?![^\W_]))")
"""What Markdown may read as markup; an underscore between letters or digits is none."""


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
    """The text of the card of a dataset.

    Args:
        form: of the dataset; its fields are listed.
        split: of the dataset.
        chats: rows of the data file.
        forms: customers in all rows.
        filled: field key → forms that have it filled.
        masked: what was hidden, by name.
        source: where the answers come from, Chinese.
    """
    name = hub_split(split)
    return f"""{card_front({name: f"data/{name}.json"}, chats)}
# 群聊要素：{card_text(form.title)}

- 群聊 {chats:,} 条，{card_text(form.subject)} {forms:,} 位；答案来自{card_text(source)}。
{card_facts(form, masked)}

## 一行有什么

| 键 | 内容 |
| --- | --- |
| chat_text | 一条群聊的原文 |
| infos | {card_text(form.subject)}的列表，每位一个对象，字段如下 |

## 字段

{field_table(form, filled, f"有值的{card_text(form.subject)}")}

## 怎样读

```python
from datasets import load_dataset

data = load_dataset("这个文件夹的路径", split="{name}")
```
"""


def require_own_card(folder: Path) -> None:
    """Refuse a folder that has a README.md that is no card of ours, which would be replaced.

    Raises:
        ExportError: it has.
        OSError: it cannot be read.
    """
    place = folder / CARD
    if place.is_file() and _OWNER not in place.read_text(encoding="utf-8", errors="replace"):
        raise ExportError(f"{folder} 里已有别的 {CARD}，写数据集卡片会盖掉它", "请换一个文件夹，或先移走它")


def card_front(files: Mapping[str, str], rows: int) -> str:
    """The head of a card that Hugging Face reads, between its two lines of dashes.

    Args:
        files: name of the split → path of its file in the folder.
        rows: of all splits.
    """
    head: dict[str, Any] = {
        "language": ["zh"],
        "license": None,
        "task_categories": ["text-generation"],
        "size_categories": [next((size for least, size in _SIZES if rows < least), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": path} for split, path in files.items()],
            }
        ],
    }
    front = yaml.safe_dump(head, allow_unicode=True, sort_keys=False).replace(
        "license: null", "license:  # 由数据的所有者填写；没有填写之前请不要公开"
    )
    return f"---\n{front}---\n"


def card_facts(form: Form, masked: Iterable[str]) -> str:
    """Lines of a list: which form in which version, what is hidden, and that the licence is the owner's."""
    hidden = "、".join(masked)
    privacy = f"已遮盖：{hidden}。" if hidden else "没有遮盖：含名字、电话等个人信息，给别人之前请先遮盖或取得同意。"
    return f"""- 表单 {card_text(form.name)}，第 {form.version} 版，{len(form.fields):,} 个字段。
- {privacy}
- {_OWNER}"""


def field_table(form: Form, filled: Mapping[str, int], counted: str) -> str:
    """A table of the form's fields.

    Args:
        form: its fields in order.
        filled: field key → how often it is filled.
        counted: heading of that column, Chinese: what is counted.
    """
    rows = "\n".join(
        f"| {card_text(one.key)} | {'列表' if one.is_list else '文本'} | {filled.get(one.key, 0):,} "
        f"| {card_text(one.label)} |"
        for one in form.fields
    )
    return f"| 字段 | 类型 | {counted} | 名称 |\n| --- | --- | --- | --- |\n{rows}"


def card_text(text: str) -> str:
    """A text from data in a card: one line, and nothing in it is Markdown or ends a cell."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))

"""The card of a training set as Hugging Face reads it: what a row holds, how many there are, which fields they fill."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from core.domain.form import Form
from core.services.export.answer_sources import parse_source
from core.services.export.dataset_card import CARD as CARD
from core.services.export.dataset_card import card_facts, card_front, card_text, field_table
from core.services.training.arrange import Arrangement
from core.services.training.row_formats import SCHEMAS, TrainingFormat
from core.services.training.rows import SpooledRow

_MEANINGS = {
    "instruction": "要求：提示词里群聊之前的部分",
    "input": "提问，群聊在里面",
    "output": "答案：填好的表单的列表，JSON",
    "target": "答案：填好的表单的列表，JSON",
    "system": "系统消息，可能为空",
    "conversations": "提问和答案，各是一轮",
    "messages": "提问（和答案），各是一条消息",
    "chosen": "{answer}",
    "rejected": "{other}",
    "preferred_output": "{answer}",
    "non_preferred_output": "{other}",
    "kto_tag": "真：{answer}；假：{other}",
}


def has_card(data_format: TrainingFormat) -> bool:
    """Whether Hugging Face reads this format as a table: rows that are lists have no columns."""
    return data_format is not TrainingFormat.DPO_QIANFAN


def origins_sentence(rows: Iterable[SpooledRow]) -> str:
    """How many distinct rows hold the answer of an approved record, and how many one of labels; a Chinese sentence."""
    origins = Counter(row.provenance["origin"] == "record" for row in rows)
    records, labels = origins[True], origins[False]
    parts = [
        *([f"{records:,} 行的答案是已确认的记录"] if records else []),
        *([f"{labels:,} 行的答案是标注，没有在这里审阅过"] if labels else []),
    ]
    return f"不同的行里，{'，'.join(parts)}。"


def set_card(
    form: Form,
    arrangement: Arrangement,
    data_format: TrainingFormat,
    parameters: Mapping[str, Any],
    counts: Mapping[str, int],
    files: Mapping[str, str],
) -> str:
    """The text of the card; everything in it follows from the set, so that building it again gives the same bytes.

    Args:
        form: the whole form of its datasets.
        arrangement: the rows.
        data_format: of the rows.
        parameters: every choice, as in the manifest.
        counts: as in the manifest.
        files: name of the split → name of its file.
    """
    rows = [*arrangement.train, *arrangement.validation]
    filled = Counter(key for row in rows for key in row.filled)
    sides = {"answer": "答案，见上面的来历", "other": "抽取任务的回答，和答案不同"}
    columns = "\n".join(f"| {key} | {_MEANINGS[key].format(**sides)} |" for key in SCHEMAS[data_format].model_fields)
    validation = f"，验证集 {counts['val']:,} 行" if counts.get("val") else ""
    datasets = "、".join(card_text(name) for name in parameters["datasets"])
    source = card_text(parse_source(str(parameters["source"])).title)
    return f"""{card_front(files, counts["rows"] + counts.get("val", 0))}
# 训练集：{card_text(form.title)}

- 训练集 {counts["rows"]:,} 行（不同的 {counts["train"]:,} 行，整套 {counts["repeats"]:,} 遍）{validation}。
- 来自 {datasets} 的 {counts["chats"]:,} 条群聊；答案来自{source}；提示词 {card_text(str(parameters["prompt"]))}。
- {origins_sentence(rows)}
{card_facts(form, parameters.get("mask", ()))}
- 每一行的来历在 manifest.json 里。

## 一行有什么

| 键 | 内容 |
| --- | --- |
{columns}

## 字段

{field_table(form, filled, "有值的行")}

## 怎样读

```python
from datasets import load_dataset

data = load_dataset("这个文件夹的路径", split="train")
```
"""

"""What the page 表单 calls the parts of a form, and problems as sentences that name the place."""

import re
from typing import Any, Final

from core.domain.form import FieldType, Kind, Nature
from core.services.forms.checking import FormProblem

TYPE_TITLES: Final = {FieldType.TEXT: "文本", FieldType.LIST: "列表"}
NATURE_TITLES: Final = {Nature.VERBATIM: "原文", Nature.JUDGEMENT: "判断"}
KIND_TITLES: Final = {
    Kind.TEXT: "文字",
    Kind.CHOICE: "选项",
    Kind.PERSON: "人名",
    Kind.STAFF: "客服",
    Kind.PHONE: "电话",
    Kind.EMAIL: "电子邮件",
    Kind.WECHAT: "微信号",
    Kind.QQ: "QQ 号",
    Kind.ID_CARD: "身份证号",
    Kind.BANK_CARD: "银行卡号",
    Kind.PLACE: "地方",
    Kind.ADDRESS: "地址",
    Kind.DATE: "日期时间",
    Kind.AMOUNT: "金额",
}
COLUMN_TITLES: Final = {
    "key": "字段",
    "label": "名称",
    "group": "分组",
    "type": "类型",
    "kind": "种类",
    "nature": "依据",
    "points": "分值",
    "one_right_answer": "唯一答案",
    "values": "建议值",
    "description": "说明",
}
HEAD_TITLES: Final = {
    "name": "名字",
    "title": "标题",
    "version": "版本",
    "name_field": "写名字的字段",
    "subject": "一张表填的是谁",
    "staff": "填表的一方",
    "groups": "分组",
}
_TABLE_TITLES: Final = {
    "fields": "字段",
    "contradictions": "矛盾",
    "companions": "同填",
    "summary_sections": "摘要小节",
    "rules": "本地规则",
    "guidelines": "标注规范",
    "form": "表单",
}
_ATTRIBUTES: Final = COLUMN_TITLES | {
    "value": "值",
    "other": "另一字段",
    "other_value": "另一值",
    "level": "程度",
    "needs": "也要填的字段",
    "title": "标题",
    "groups": "分组",
}
_WORDS: Final = {name: f"「{title}」" for name, title in (HEAD_TITLES | COLUMN_TITLES).items() if name != "key"}

_OWN_TEXT: Final = re.compile(r"^\S+ (规则|规范) (?=第)")
"""How a message begins that names a text of the page as if it were a file."""


def problem_sentence(problem: FormProblem, tables: dict[str, Any]) -> str:
    """What is wrong and where, as the page calls it.

    Args:
        problem: one of a form's.
        tables: of the form.
    """
    place, where = problem.place, ""
    if place and place[0] in HEAD_TITLES:
        where = HEAD_TITLES[str(place[0])]
    elif place:
        where = _TABLE_TITLES.get(str(place[0]), str(place[0]))
        if len(place) > 1 and isinstance(place[1], int):
            where = f"第 {place[1] + 1} 行{where}"
            where += _name_of(place[1], tables) if place[0] == "fields" else ""
        if len(place) > 2:
            where += f"的{_ATTRIBUTES.get(str(place[2]), str(place[2]))}"
    reason = _OWN_TEXT.sub("", _reason(problem)) if place[:1] in (("rules",), ("guidelines",)) else _reason(problem)
    return f"{where}：{reason}" if where else reason


def problems_by_field(problems: list[FormProblem]) -> dict[int, str]:
    """The problems of each field by its place from 0, as one text: what stands beside it in the table."""
    by_field: dict[int, list[str]] = {}
    for problem in problems:
        if len(problem.place) > 1 and problem.place[0] == "fields" and isinstance(problem.place[1], int):
            attribute = _ATTRIBUTES.get(str(problem.place[2]), "") if len(problem.place) > 2 else ""
            reason = _reason(problem)
            by_field.setdefault(problem.place[1], []).append(f"{attribute}：{reason}" if attribute else reason)
    return {place: "；".join(reasons) for place, reasons in by_field.items()}


def _reason(problem: FormProblem) -> str:
    """The reason as the page calls things, without the name of the attribute that stands before it anyway."""
    first, _, rest = problem.reason.partition(" ")
    if rest and first in problem.place:
        return rest.removeprefix("里")
    return " ".join(_WORDS.get(word, word) for word in problem.reason.split(" ")).replace("」 ", "」")


def _name_of(place: int, tables: dict[str, Any]) -> str:
    fields = tables.get("field") or []
    label = fields[place].get("label") or fields[place].get("key") if place < len(fields) else ""
    return f"「{label}」" if label else ""

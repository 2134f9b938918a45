"""Recognises what a spreadsheet does to cells without being told to."""

import re

from core.domain.form import PROGRAM_WORDS
from core.services.review.records.cell_comparison import lost_characters
from core.services.review.records.written_days import exported_day, is_part_of_day

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d{1,17})?[eE][+-]?\d{1,3}")
_ERRORS = frozenset(
    ("#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA", "######")
)
_TRUTHS = frozenset(("true", "false"))
_FORMULA = re.compile(r"=[A-Za-z$@(+\d-]")
_MIDNIGHT = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2} 00:00(?::00)?")
"""A date of Excel that a program wrote to a CSV; people leave the hour out."""
_MOST_EXACT_DIGITS = 15
_LONGEST_CELL = 32_767


def damage(cell: str, before: str, *, is_date: bool) -> str:
    """What Excel has done to a cell, as a Chinese clause; ``""`` where it may have been a person.

    Args:
        cell: as it stands in the edited table.
        before: as it was exported.
        is_date: whether the cell is a date or a time now.
    """
    text = cell.strip()
    if text in _ERRORS or (text and not text.strip("#")):
        return f"Excel 显示的是「{text}」，不是值"
    if text.casefold() in PROGRAM_WORDS and before.strip().casefold() != text.casefold():
        return f"写的是 {text}，是程序写的空值；要清空请留空格"
    if _FORMULA.match(text) and not before.strip().lstrip("'").startswith("="):
        return f"是公式（{text[:20]}），不是值，请改成值"
    if _SCIENTIFIC.fullmatch(text):
        return f"Excel 把长数字写成了 {text}，后面的位数没有了"
    if (day := exported_day(before)) and is_part_of_day(day, text):
        return f"Excel 只显示了「{text}」，看不出是哪一天"
    if text.casefold() in _TRUTHS and before.strip().casefold() != text.casefold():
        return f"写的是 {text}，是表格的真假值，请改成文字"
    if is_date or _MIDNIGHT.fullmatch(text):
        return f"Excel 把它变成了日期 {text}"
    if text.isdecimal() and before.strip() != text:
        plain = before.strip()
        if plain.isdecimal() and plain.startswith("0") and plain.lstrip("0") == text:
            return "Excel 去掉了开头的 0"
        if plain.isdecimal() and len(plain) == len(text) > _MOST_EXACT_DIGITS:
            if plain[:_MOST_EXACT_DIGITS] == text[:_MOST_EXACT_DIGITS] and not text[_MOST_EXACT_DIGITS:].strip("0"):
                return f"Excel 只留 {_MOST_EXACT_DIGITS} 位数字，后面变成了 0"
    if lost := lost_characters(text, before.strip()):
        return f"保存时「{lost[:12]}」变成了问号，请另存为「CSV UTF-8」再改"
    if len(before) > _LONGEST_CELL and before.startswith(cell) and len(cell) >= _LONGEST_CELL - 1:
        return "超过 Excel 单元格的 32,767 字，被截断了"
    return ""

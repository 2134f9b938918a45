"""A form travels as one file; a broken or hostile one is refused with its line and the reason."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pytest

from core.domain.form import load_named_form
from core.domain.form.loading import FORMS_DIR, FormTexts, form_names, parse_form, read_form_texts
from core.domain.form.toml_file import parse_tables
from core.errors import FormError
from core.services.forms import read_form_file, write_form_file
from core.services.forms.checking import MOST_FIELDS, check_form_texts
from core.services.forms.form_text import placed, with_tables
from core.services.forms.left_behind import without_fields
from core.ui.forms.labels import problem_sentence
from tests.domain.form.test_loading import BROKEN, COMPANION, CONTRADICTION, GOOD, HEAD, NAME, SECTIONS, line_of

RULES = """
# 什么词说明什么
[[choice]]
key = "标签"
value = "甲"
words = ["甲方", "乙{1,3}"]
"""
GUIDELINES = '"标签" = "只选说过的"\n'
WHOLE = GOOD + "\n[guidelines]\n" + GUIDELINES + RULES


def zipped(files: dict[str, str]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.mark.parametrize("name", form_names())
def test_every_shipped_form_comes_back_as_it_went(name: str) -> None:
    texts = read_form_texts(name)
    text = write_form_file(texts)
    back = read_form_file(text.encode(), "a.toml")
    assert parse_form(back.form, "a") == load_named_form(name)
    for before, after in ((texts.guidelines, back.guidelines), (texts.rules, back.rules)):
        assert parse_tables(before, "") == parse_tables(after, "")
    assert write_form_file(back).count("#") >= texts.form.count("# ")
    files = {path.name: path.read_text(encoding="utf-8") for path in FORMS_DIR.glob(f"{name}*.toml")}
    assert read_form_file(zipped({f"表单/{file}": held for file, held in files.items()}), "a.zip") == texts


def test_one_file_holds_the_form_its_guidelines_and_rules() -> None:
    texts = read_form_file(("# 说明\n" + WHOLE).encode("utf-8-sig"), "a.toml")
    assert texts.form.startswith("# 说明\n") and "[guidelines]" not in texts.form and "[[choice]]" not in texts.form
    assert parse_tables(texts.guidelines, "") == {"标签": "只选说过的"}
    assert parse_tables(texts.rules, "")["choice"][0]["words"] == ["甲方", "乙{1,3}"]


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_form_names_line_and_reason(what: str) -> None:
    source, start, nth, reason = BROKEN[what]
    with pytest.raises(FormError) as caught:
        read_form_file(source.encode(), "broken.toml")
    assert f"broken.toml 第 {line_of(start, source, nth)} 行" in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("source", "start", "nth", "reason"),
    [
        (WHOLE.replace('"标签" = "只', '"没有" = "只'), '"没有"', 1, "没有字段「没有」"),
        (WHOLE.replace('"只选说过的"', "3"), '"标签" =', 1, "应为文本"),
        (WHOLE.replace("[guidelines]\n" + GUIDELINES, "guidelines = 3\n"), "guidelines", 1, "guidelines"),
        (WHOLE.replace('key = "标签"\nvalue', 'key = "没有"\nvalue'), "key", 3, "没有字段「没有」"),
        (WHOLE.replace('"甲方"', '"(甲"'), "words", 1, "不是正则表达式"),
        (WHOLE.replace('"甲方"', '""'), "words", 1, "在没有字的地方也算数"),
        (WHOLE.replace('"甲方"', '"^$"'), "words", 1, "在没有字的地方也算数"),
        (WHOLE.replace('"甲方"', '"(甲+)+$(?!乙)"'), "words", 1, "极慢"),
        (WHOLE.replace('"甲方"', '"(.)\\\\1+"'), "words", 1, "极慢"),
        (WHOLE.replace('"甲方"', '"(?!x)a*b*c*d"'), "words", 1, "极慢"),
        (WHOLE.replace('words = ["甲方"', 'words = ["甲", "' + "长" * 600 + '"'), "words", 1, "最多 500 字"),
        (WHOLE.replace('by = "x"', "").replace("words =", 'by = "nobody"\nwords ='), "by", 1, "不是允许的值"),
    ],
)
def test_broken_guidelines_and_rules_name_line_and_reason(source: str, start: str, nth: int, reason: str) -> None:
    with pytest.raises(FormError) as caught:
        read_form_file(source.encode(), "broken.toml")
    assert f"broken.toml 第 {line_of(start, source, nth)} 行" in str(caught.value)
    assert reason in str(caught.value)


HOSTILE = {
    "too large": (b"#" * 1_100_000, "最多 1 MB"),
    "too long": (("#" + "a" * 600_000).encode(), "最多 524,288 字"),
    "deep brackets": (b"a = " + b"[" * 5_000, "嵌套太深"),
    "deep dots": (GOOD.encode() + b"a" + b".a" * 20_000 + b" = 1\n", "嵌套太深，有 20,000 个点"),
    "huge number": (b"version = " + b"9" * 10_000, "数字太长"),
    "not text": (b"\xff\xfe\x00", "不是 UTF-8"),
    "empty": (b"", "缺少"),
    "a path": (GOOD.replace('"small"', '"../../etc"').encode(), "名字只能有字母"),
    "a reference": (GOOD.replace('"small"', '"small@2"').encode(), "名字只能有字母"),
    "no name": (GOOD.replace('"small"', '""').encode(), "名字只能有字母"),
    "blank title": (GOOD.replace('"小表"', '" "').encode(), "不能是空的"),
    "unseen key": (GOOD.replace('key = "标签"', 'key = "标\\u200b签"').encode(), "看不见"),
    "line in a key": (GOOD.replace('key = "标签"', 'key = "标\\n签"').encode(), "换行"),
    "long label": (GOOD.replace('label = "标签"', f'label = "{"长" * 61}"').encode(), "最多 60 字"),
    "too many fields": (
        (GOOD + "".join(NAME.replace("姓名", f"字段{number}") for number in range(MOST_FIELDS))).encode(),
        f"最多 {MOST_FIELDS} 个",
    ),
    "too many values": (
        GOOD.replace("values = []", f"values = {[str(number) for number in range(300)]}", 1).encode(),
        "最多 200 个",
    ),
    "an empty value": (GOOD.replace("values = []", 'values = [""]', 1).encode(), "values 不能是空的"),
    "points beyond all measure": (GOOD.replace("points = 1", "points = 1e300", 1).encode(), "分值最多"),
    "a key of every object": (GOOD.replace('key = "标签"', 'key = "__proto__"').encode(), "程序保留的名字"),
    "a key that is a whole customer": (GOOD.replace('key = "标签"', 'key = "*"').encode(), "程序保留的名字"),
    "a key that a pipeline would cut": (GOOD.replace('key = "标签"', 'key = "标|签"').encode(), "不能有 | 和方括号"),
    "keys that look alike": (GOOD.replace('key = "标签"', 'key = "姓\ufe00名"').encode(), "看起来一样"),
    "a wide key": (
        (HEAD.replace("姓名", "a") + NAME.replace("姓名", "a") + NAME.replace("姓名", "Ａ")).encode(),
        "看起来一样",
    ),
    "fields that are texts": ((HEAD + 'field = ["a"]\n').encode(), "应写成一段"),
    "a version beyond all measure": (GOOD.replace("version = 1", "version = " + "9" * 30).encode(), "version 应为"),
    "half a version": (GOOD.replace("version = 1", "version = 1.5").encode(), "version 应为整数"),
    "no subject": (GOOD.replace("version = 1", 'version = 1\nsubject = ""').encode(), "不能是空的"),
    "endless weight": (WHOLE.replace("value = ", "weight = inf\nvalue = ").encode(), "应为数字"),
    "no statement": (GOOD.encode() + b"oops\n", "名字后面少了 ="),
    "no end": (GOOD.encode() + b'x = "a\n', "引号没有收尾"),
    "guidelines of a table": (WHOLE.replace('"只选说过的"', "{a = 1}").encode(), "应为文本"),
    "version 0": (GOOD.replace("version = 1", "version = 0").encode(), "version"),
    "no archive": (b"PK\x03\x04 and nothing else", "ZIP"),
    "an archive without a form": (zipped({"a.txt": "x"}), "没有表单"),
    "an archive of two forms": (zipped({"a.toml": GOOD, "b.toml": GOOD}), "有 2 个表单"),
    "two files of one name": (zipped({"旧/a.toml": GOOD, "新/a.toml": GOOD}), "有 2 个 a.toml"),
    "a bomb": (zipped({"a.toml": "#" * 5_000_000}), "太大"),
    "many files": (zipped({f"{number}.toml": "" for number in range(50)}), "太多"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(FormError) as caught:
        read_form_file(data, "a.toml")
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400


def test_every_mistake_is_told_at_its_place() -> None:
    source = (
        GOOD.replace("points = 1", "points = 0", 1)
        .replace('"choice"', '"chioce"')
        .replace('title = "小表"', "title = 3")
    )
    problems = check_form_texts(FormTexts(source))
    assert [problem.place for problem in problems] == [("fields", 0, "points"), ("fields", 1, "kind"), ("title",)]
    assert [problem.line for problem in problems] == [
        line_of("points", source),
        line_of("kind", source, 2),
        line_of("title", source),
    ]
    wrong = GOOD.replace('name_field = "姓名"', 'name_field = "无"') + CONTRADICTION + COMPANION + SECTIONS
    wrong = wrong.replace('other = "姓名"', 'other = "丙"').replace('needs = "姓名"', 'needs = "丁"')
    assert [problem.place for problem in check_form_texts(FormTexts(wrong))] == [
        ("name_field",),
        ("contradictions", 0, "other"),
        ("companions", 0, "needs"),
    ]
    texts = FormTexts(GOOD, '"无" = "x"', RULES.replace("甲方", "("))
    assert [problem.place for problem in check_form_texts(texts)] == [("rules",), ("guidelines",)]
    assert check_form_texts(replace(texts, guidelines="", rules="")) == []


def test_what_speaks_of_a_field_that_is_gone_goes_with_it() -> None:
    texts = FormTexts(GOOD + CONTRADICTION + COMPANION, GUIDELINES, RULES + "\n# 末尾的说明\n")
    assert without_fields(texts) == (texts, ())
    tables = placed(parse_tables(texts.form, ""))
    rest = [field for field in tables["field"] if field["key"] != "标签"]
    gone = replace(texts, form=with_tables(texts.form, {**tables, "field": rest}))
    assert without_fields(gone, {"姓名"}) == (gone, ())
    left, said = without_fields(gone)
    assert said == ("「标签」的标注规范", "1 条本地规则", "1 条矛盾", "1 条同填")
    assert check_form_texts(left) == [] and without_fields(left) == (left, ())
    assert without_fields(replace(gone, rules="[[")) == (replace(gone, rules="[["), ())


def test_a_guideline_without_its_field_is_told_with_its_way_out() -> None:
    (problem,) = check_form_texts(FormTexts(GOOD, '"姓名" = "照写"\n"生日" = "照写"'))
    assert problem_sentence(problem, {}) == (
        "标注规范：表单里没有字段「生日」了，它的规范还在；删掉这一条规范，或者把字段加回来"
    )
    for guidelines, rules in (("a =", ""), ("a = 3", ""), ("", "[["), ("", '[[choice]]\nkey = "无"')):
        (broken,) = check_form_texts(FormTexts(GOOD, guidelines, rules))
        assert "文件" not in problem_sentence(broken, {})

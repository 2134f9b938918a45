"""Files for platforms: figures with sources, twenty broken files named by line, good files of other people."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store
from core.errors import ExportError, FormError, InputError
from core.services.training import OverBudget, TrainingFormat, check_training, export_training, load_platform, preflight
from core.services.training import platforms as platform_files
from core.services.training.file_check import MOST_NAMED
from core.services.training.platforms import FIGURES, platform_names, platform_problems
from core.services.training.platforms import load_platform as loaded
from core.services.training.row_shapes import SHAPES
from tests.factories.exports import fill
from tests.factories.exports import form as filled
from tests.factories.training import in_format, options

SPARK = {"instruction": "提取要素", "input": "林晓3：多少钱？", "output": "[]"}
PAIR = {"input": "提取要素\n林晓3：多少钱？", "target": "[]"}
CHAT = {"messages": [{"role": "user", "content": "多少钱？"}, {"role": "assistant", "content": "[]"}]}
TURNS = {"conversations": [{"from": "human", "value": "多少钱？"}, {"from": "gpt", "value": "[]"}], "system": ""}

PREFERENCE = {"instruction": "提取要素", "input": "林晓3：多少钱？", "chosen": "[]", "rejected": "[1]"}
QIANFAN = {"system": "提取要素", "user": "多少钱？", "chosen": "[]", "rejected": "[1]"}
OPENAI_PAIR = {
    "input": {"messages": CHAT["messages"][:1]},
    "preferred_output": CHAT["messages"][1:],
    "non_preferred_output": [{"role": "assistant", "content": "[1]"}],
}


BAILIAN_PAIR = {
    "messages": CHAT["messages"][:1],
    "chosen": CHAT["messages"][1],
    "rejected": {"role": "assistant", "content": "[1]"},
}
SHAREGPT_PAIR = {
    "conversations": TURNS["conversations"][:1],
    "chosen": {"from": "gpt", "value": "[]"},
    "rejected": {"from": "gpt", "value": "[1]"},
}
DEEP, DEEP_END = '{"a": ' * 850, "}" * 850
"""Nested as deep as can be read here."""


def jsonl(*rows: Any) -> bytes:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def messages(*pairs: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text, **more} for role, text in pairs]}


def _weighed(weight: Any) -> dict[str, Any]:
    return {"messages": [CHAT["messages"][0], CHAT["messages"][1] | {"weight": weight}]}


BROKEN: list[tuple[str, str, bytes, int, str]] = [
    ("comma.jsonl", "llama-factory", jsonl(SPARK, '{"instruction": "a", "output": "b"', SPARK), 2, "不是合法的 JSON"),
    ("two.jsonl", "llama-factory", jsonl(SPARK, json.dumps(SPARK) * 2), 2, "后面还有多余的内容"),
    ("nan.jsonl", "llama-factory", jsonl(SPARK, SPARK, '{"instruction": "a", "output": NaN}'), 3, "NaN"),
    ("blank.jsonl", "llama-factory", jsonl(SPARK) + b"\n" + jsonl(SPARK), 2, "空行"),
    ("gbk.jsonl", "llama-factory", jsonl(SPARK) + '{"output": "好"}\n'.encode("gbk"), 2, "不是 UTF-8"),
    ("bom.jsonl", "openai", b"\xef\xbb\xbf" + jsonl(CHAT), 1, "BOM"),
    ("scalar.jsonl", "openai", jsonl(CHAT, "3"), 2, "不是一个 JSON 对象"),
    ("missing.jsonl", "spark", jsonl(SPARK, {"instruction": "a", "input": ""}), 2, "缺少 output"),
    ("other.jsonl", "spark", jsonl(SPARK, SPARK, CHAT), 3, "看起来是 openai 格式，收它的平台有 "),
    ("empty.jsonl", "spark", jsonl(SPARK, SPARK | {"output": ""}), 2, "output 是空的"),
    ("white.jsonl", "spark", jsonl(PAIR, PAIR | {"target": " \n"}), 2, "target 只有空白"),
    (
        "unseen.jsonl",
        "spark",
        jsonl(PAIR, PAIR | {"target": "\u200b\u2060\u3164 "}),
        2,
        "target 只有空白或看不见的字符",
    ),
    ("weight.jsonl", "openai", jsonl(CHAT, _weighed(2)), 2, "weight 是 2，OpenAI只收 0、1"),
    ("true.jsonl", "openai", jsonl(CHAT, _weighed(True)), 2, "weight 是 true"),
    (
        "asking.jsonl",
        "openai",
        jsonl(CHAT, messages(("user", "a"), ("assistant", "b"), weight=1)),
        2,
        "只能写在 assistant",
    ),
    ("number.jsonl", "llama-factory", jsonl(SPARK | {"output": 3}), 1, "output 不是文本"),
    ("long.jsonl", "spark", jsonl(SPARK, SPARK | {"input": "长" * 8000}), 2, "每行最多 8,000 字"),
    ("role.jsonl", "ark", jsonl(CHAT, messages(("bot", "喂"), ("assistant", "好"))), 2, "messages[0].role"),
    ("system.jsonl", "ark", jsonl(messages(("user", "a"), ("system", "b"), ("assistant", "c"))), 1, "只能在最前面"),
    ("answer.jsonl", "openai", jsonl(CHAT, messages(("assistant", "a"), ("user", "b"))), 2, "第一条不是用户说的"),
    ("last.jsonl", "openai", jsonl(messages(("user", "a"), ("assistant", "b"), ("user", "c"))), 1, "没有可学的内容"),
    (
        "twice.jsonl",
        "openai",
        jsonl(messages(("user", "a"), ("user", "b"), ("assistant", "c"))),
        1,
        "第 2 条消息和上一条",
    ),
    ("name.jsonl", "bailian", jsonl(CHAT, messages(("user", "a"), ("assistant", "b"), name="x")), 2, "百炼不支持"),
    (
        "half.jsonl",
        "openai",
        jsonl(CHAT, '{"messages": [{"role": "user", "content": "\\ud83d"}, {"role": "assistant", "content": "b"}]}'),
        2,
        "半个表情符号",
    ),
    ("nul.jsonl", "openai", jsonl(CHAT, messages(("user", "a\x00b"), ("assistant", "b"))), 2, "空字符"),
    (
        "turn.jsonl",
        "llama-factory",
        jsonl(TURNS | {"conversations": [{"from": "human", "value": "a"}]}),
        1,
        "至少要有 2 项",
    ),
    ("list.jsonl", "llama-factory", jsonl(TURNS, [TURNS]), 2, "是一个列表"),
    ("object.json", "llama-factory", json.dumps(SPARK).encode(), 1, "不是 JSON 数组"),
    ("open.json", "llama-factory", b"[\n" + jsonl(SPARK).rstrip() + b",\n" + jsonl(SPARK), 4, "没有用 ] 结束"),
    ("array.json", "llama-factory", b"[\n" + jsonl(SPARK).rstrip() + b',\n{"instruction": "a" "b"}\n]', 3, "JSON"),
    ("columns.csv", "spark", b'input,target\na,b\n"c\nd"\ne,f\n', 3, "有 1 列，表头有 2 列"),
    ("quote.csv", "spark", b'input,target\na,b\n"c,d\n', 3, "引号没有结束"),
    ("same.jsonl", "llama-factory", jsonl(PREFERENCE, PREFERENCE | {"rejected": "[]"}), 2, "两个回答一样"),
    (
        "tag.jsonl",
        "llama-factory",
        jsonl(SPARK | {"kto_tag": True}, SPARK | {"kto_tag": "no"}),
        2,
        "不是 true 或 false",
    ),
    (
        "asks.jsonl",
        "openai",
        jsonl(OPENAI_PAIR, OPENAI_PAIR | {"input": {"messages": CHAT["messages"]}}),
        2,
        "两个回答都接",
    ),
    (
        "speaker.jsonl",
        "openai",
        jsonl(OPENAI_PAIR, OPENAI_PAIR | {"preferred_output": CHAT["messages"][:1]}),
        2,
        "preferred_output[0].role 是「user」，不是允许的值（assistant）",
    ),
    (
        "system.jsonl",
        "bailian",
        jsonl(BAILIAN_PAIR, BAILIAN_PAIR | {"rejected": {"role": "system", "content": "[1]"}}),
        2,
        "rejected.role 是「system」",
    ),
    (
        "human.jsonl",
        "llama-factory",
        jsonl(SHAREGPT_PAIR, SHAREGPT_PAIR | {"chosen": {"from": "human", "value": "[]"}}),
        2,
        "chosen.from 是「human」，不是允许的值（gpt、function_call）",
    ),
    ("heads.csv", "spark", b"input,target,target\na,b,c\n", 1, "表头里重复了 target"),
    (
        "deep.jsonl",
        "bailian",
        jsonl(CHAT, f'{json.dumps(CHAT)[:-1]}, "x": {DEEP}{{"name": 1}}{DEEP_END}}}'),
        2,
        "百炼不支持",
    ),
    ("lone.jsonl", "qianfan", jsonl([QIANFAN], [{"user": "a", "chosen": "b"}]), 2, "缺少 last.rejected"),
    ("flat.jsonl", "qianfan", jsonl([QIANFAN], QIANFAN), 2, "缺少 列表"),
    ("turns.jsonl", "qianfan", jsonl([*[{"user": "a", "assistant": "b"}] * 150, QIANFAN]), 1, "最多 150 轮"),
    ("few.jsonl", "openai", jsonl(CHAT), 0, "至少要 10 行"),
    ("nothing.jsonl", "openai", b"", 0, "一行也没有"),
    ("ending.csv", "openai", b"input,target\n", 0, "不收 .csv 文件"),
]


@pytest.mark.parametrize(("name", "platform", "data", "line", "reason"), BROKEN, ids=[one[0] for one in BROKEN])
def test_broken_files_are_named_by_line(
    tmp_path: Path, name: str, platform: str, data: bytes, line: int, reason: str
) -> None:
    assert len(BROKEN) >= 20
    path = tmp_path / name
    path.write_bytes(data)
    (report,) = check_training(path, load_platform(platform))
    assert any(problem.line == line and reason in problem.reason for problem in report.problems), report.problems
    others = [problem for problem in report.problems if problem.line not in (0, line)]
    assert others == [], "good rows of the same file are left alone"


GOOD: list[tuple[str, str, bytes]] = [
    ("crlf.jsonl", "llama-factory", jsonl(SPARK, SPARK).replace(b"\n", b"\r\n")),
    ("end.jsonl", "llama-factory", jsonl(SPARK).rstrip()),
    ("history.json", "llama-factory", json.dumps([SPARK | {"history": [["a", "b"]], "system": None}]).encode()),
    ("array.json", "llama-factory", json.dumps([SPARK, SPARK], indent=1).encode()),
    ("tools.jsonl", "openai", jsonl(*[messages(("system", "s"), ("user", "a"), ("assistant", "b"), name="n")] * 10)),
    ("weights.jsonl", "openai", jsonl(*[_weighed(0), _weighed(1)] * 5)),
    ("large.csv", "llama-factory", f'instruction,input,output\n"{"长" * 140_000}",,b\n'.encode()),
    ("cells.csv", "llama-factory", b'instruction,input,output\n"a\n\nb",,"c ""d"""\n'),
]


@pytest.mark.parametrize(("name", "platform", "data"), GOOD, ids=[one[0] for one in GOOD])
def test_files_of_other_people_pass(tmp_path: Path, name: str, platform: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    (report,) = check_training(tmp_path / name, load_platform(platform))
    assert (report.problems, report.bad) == ([], 0)
    assert report.rows and report.format and report.longest.characters


def test_a_folder_is_checked_file_by_file_and_every_problem_counted(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(jsonl(*[{"a": 1}] * (MOST_NAMED + 5)))
    (tmp_path / "val.jsonl").write_bytes(jsonl(SPARK))
    (tmp_path / "dataset_info.json").write_text("{}")
    train, val = check_training(tmp_path, load_platform("spark"))
    assert (len(train.problems), train.bad) == (MOST_NAMED, MOST_NAMED + 6)  # and too few rows
    assert (val.path.name, val.problems) == ("val.jsonl", []), "no platform asks for rows to validate with"
    for place, reason in ((tmp_path / "none", "找不到"), (tmp_path / "folder", "没有训练文件")):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=reason):
            check_training(place, load_platform("spark"))


def test_what_is_no_file_is_passed_over_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(jsonl(CHAT))
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for platform in ("openai", "spark"):  # with and without a look for a byte order mark
        gone, loop, train = check_training(tmp_path, load_platform(platform))
        assert (gone.path.name, loop.path.name, train.path.name) == ("gone.jsonl", "loop.csv", "train.jsonl")
        assert all(any("读不了" in one.reason for one in report.problems) for report in (gone, loop))
        assert train.rows == 1
    with pytest.raises(InputError, match="pipe.jsonl 不是文件"):
        check_training(tmp_path / "pipe.jsonl", load_platform("openai"))


@pytest.mark.parametrize("name", platform_names())
def test_figures_have_a_source_or_are_said_to_be_unknown(name: str) -> None:
    platform = load_platform(name)
    assert platform.name == name
    for figure in platform.figures:
        assert figure.note if figure.value is None else (figure.source and figure.dated)
    known = {figure for figure in FIGURES if platform.figure(figure, platform.format_names[0]) is not None}
    assert len(platform.unknown(platform.format_names[0])) == len(FIGURES) - len(known)
    assert set(platform.format_names) <= set(SHAPES) and set(SHAPES) == set(TrainingFormat)


def test_the_challenge_asks_for_1500_rows_of_8000_characters() -> None:
    spark = load_platform("spark")
    assert (spark.figure("least_rows"), spark.figure("most_characters")) == (1500, 8000)
    assert {name: limit.amount for name, limit in platform_files.named_lengths().items()} == {
        "spark-8k": 8192,
        "spark-4k": 4096,
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace('source = "https://platform', 'sauce = "https://platform'), "sauce 不认识"),
        (lambda text: text.replace('name = "least_rows"', 'name = "rows"'), "不是允许的值"),
        (lambda text: text.replace('note = "没有查到"', ""), "没有 value 就要在 note 里说明"),
        (lambda text: text.replace("dated = 2026-11-10", ""), "有 value 就要有 source 和 dated"),
    ],
)
def test_a_broken_platform_file_is_named_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], reason: str
) -> None:
    source = (platform_files.PLATFORMS_DIR / "openai.toml").read_text(encoding="utf-8")
    (tmp_path / "openai.toml").write_text(change(source), encoding="utf-8")
    monkeypatch.setattr(platform_files, "PLATFORMS_DIR", tmp_path)
    loaded.cache_clear()
    with pytest.raises(FormError, match=rf"平台文件 openai.toml 第 \d+ 行：.*{reason}"):
        load_platform("openai")
    assert [reason in problem for problem in platform_problems()] == [True]
    loaded.cache_clear()


def test_a_set_is_held_to_its_platform(store: Store, tmp_path: Path) -> None:
    fill(store)
    with pytest.raises(ExportError, match="星火大模型训练平台不收 openai 格式"):
        preflight(store, options(platform="spark", format=TrainingFormat.OPENAI))
    with pytest.raises(ExportError, match="不认识平台「nowhere」"):
        preflight(store, options(platform="nowhere"))
    choice = options(platform="spark")
    assert choice.limit is not None and (choice.limit.amount, choice.limit.unit) == (8000, "字")
    assert any("至少要 1,500 行，这里只有 4 行" in note for note in preflight(store, choice).notes)
    few = preflight(store, options(platform="bailian", format=TrainingFormat.OPENAI))
    assert any("建议至少 1,000 行" in note for note in few.notes) and few.refusal is None
    made = export_training(store, options=choice, out=tmp_path / "set")
    assert any("上传会被拒绝" in note for note in made.notes)


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_what_we_write_passes_for_whoever_takes_it(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    fill(store)
    for platform in platform_files.platforms_taking(data_format):
        least = platform.figure("least_rows", data_format) or 0
        out = tmp_path / platform.name
        export_training(store, options=in_format(data_format, platform=platform.name, min_rows=least), out=out)
        (report,) = check_training(out, platform)
        assert (report.problems, report.format) == ([], data_format)


@pytest.mark.parametrize("data_format", [TrainingFormat.SPARK, TrainingFormat.SPARK_PAIR])
def test_export_and_check_name_the_same_rows(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    long = "何苗：" + "在吗" * 5000
    fill(store, texts=("何苗：在吗", long), labels=([filled(基本信息_姓名="何苗")],) * 2)
    plain = in_format(data_format, min_rows=0)
    told = [note for note in export_training(store, options=plain, out=tmp_path / "all").notes if "8,000 字" in note]
    (report,) = check_training(tmp_path / "all", load_platform("spark"))
    too_long = [problem for problem in report.problems if problem.line]
    assert [problem.line for problem in too_long] == [2] and len(told) == 1
    assert told[0].startswith("有 1 行超过星火大模型训练平台 8,000 字：四条 第 2 条（12,6")
    assert told[0] in preflight(store, plain).dangers
    held = replace(plain, platform="spark", over_budget=OverBudget.SKIP)
    made = export_training(store, options=held, out=tmp_path / "held")
    assert any("第 2 条" in note for note in made.notes)
    (report,) = check_training(tmp_path / "held", load_platform("spark"))
    assert not [problem for problem in report.problems if problem.line]

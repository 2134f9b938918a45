"""Recipes: which sets each makes, rows per customer, and that all of it is rebuilt."""

from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store
from core.domain.form import Form
from core.domain.prompts import load_prompt, render
from core.domain.replies import parse_reply
from core.errors import ExportError
from core.services.training import (
    OverBudget,
    TrainingFormat,
    export_training,
    find_recipe,
    preflight,
    preview_row,
    rebuild,
    recipe_sets,
)
from core.services.training.recipes import PIECES, RECIPES, piece_fields
from core.services.training.training_options import options_from_json
from tests.factories.exports import LABELS, TEXTS, fill
from tests.factories.exports import form as filled
from tests.factories.training import fill_long, manifest_of, options, rows_of


def test_each_customer_has_a_row_asked_as_extraction_asks(store: Store, form: Form, tmp_path: Path) -> None:
    fill(store)
    choice = options(format=TrainingFormat.OPENAI, prompt="one_customer")
    export_training(store, options=choice, out=tmp_path / "set")
    rows, entries = rows_of(tmp_path / "set"), manifest_of(tmp_path / "set")["rows"]
    assert [(row["index"], row["customer"]) for row in entries] == [(1, 0), (2, 0), (2, 1), (3, 0)]
    asked = render(load_prompt("one_customer"), form, chat=TEXTS[1], customer="丁一8")
    assert [turn["content"] for turn in rows[2]["messages"][:2]] == [asked.system, asked.user]
    assert entries[2]["question_sha256"] == asked.sha256
    answers = [parse_reply(form, row["messages"][-1]["content"]).forms for row in rows]
    assert answers == [[values] for label in LABELS for values in label]
    found = preflight(store, choice)
    assert preview_row(store, choice, found.rows[2].provenance) == rows[2]
    assert found.rows[2].place == "四条 第 2 条（第 2 位客户）"
    rebuild(store, 1, tmp_path / "again")
    assert (tmp_path / "set" / "train.jsonl").read_bytes() == (tmp_path / "again" / "train.jsonl").read_bytes()


def test_who_has_no_name_of_their_own_is_counted(store: Store, tmp_path: Path) -> None:
    labels = (
        [filled(基本信息_姓名="甲"), filled(基本信息_姓名="甲"), filled(竞品信息="某家"), filled(基本信息_姓名="乙")],
    )
    fill(store, texts=("甲：你好\n乙：我也在",), labels=labels)
    report = export_training(store, options=options(prompt="one_customer"), out=tmp_path / "set")
    assert report.counts["rows"] == 1
    assert any("有 3 位客户没有名字，或和同一条群聊里别的客户同名" in note for note in report.notes)


def test_names_are_masked_in_question_and_answer_alike(store: Store, form: Form, tmp_path: Path) -> None:
    fill(store)
    choice = options(prompt="one_customer", mask=("name",), format=TrainingFormat.SPARK_PAIR)
    export_training(store, options=choice, out=tmp_path / "set")
    for row in rows_of(tmp_path / "set"):
        ((name,),) = ([values[form.name_field] for values in parse_reply(form, row["target"]).forms],)
        assert row["input"].endswith(f"## 要填的客户\n{name}")
    assert not any("林晓3" in str(row) for row in rows_of(tmp_path / "set"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"over_budget": OverBudget.WINDOW}, "不能和分段一起用"),
        ({"format": TrainingFormat.KTO}, "不能和偏好对一起用"),
        ({"prompt": "customers"}, "只问谁是客户"),
        ({"prompt": "customers", "tasks": ("customers", "form")}, "只问谁是客户"),
    ],
)
def test_what_does_not_go_together_is_refused(
    store: Store, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    fill(store)
    with pytest.raises(ExportError, match=sentence):
        export_training(store, options=options(**{"prompt": "one_customer", **changes}), out=tmp_path / "set")


@pytest.mark.parametrize("recipe", RECIPES, ids=[one.name for one in RECIPES])
def test_recipes_build_their_sets(store: Store, form: Form, tmp_path: Path, recipe: Any) -> None:
    from core.services.training import save_summary

    fill_long(store)
    save_summary(store, chat_id=1, text="- 马会5：先看看", who="小王", base_version=0)
    sets = recipe_sets(recipe, options(cutoff_len=4000), form)
    assert [step for step, _ in sets] == list(recipe.steps)
    for number, (step, choices) in enumerate(sets, start=1):
        assert options_from_json(choices.as_json()) == choices
        out = tmp_path / step.name
        report = export_training(store, options=choices, out=out)
        assert report.counts["rows"]
        rebuild(store, number, tmp_path / f"{step.name}-again")
        assert manifest_of(out)["parameters"]["recipe"] == f"{recipe.name}/{step.name}"
        assert find_recipe(choices.recipe) is recipe


def test_pieces_are_asked_for_what_is_quoted(store: Store, form: Form, tmp_path: Path) -> None:
    fill_long(store)
    recipe = find_recipe("two-models")
    keys = piece_fields(form)
    assert keys and all(form.field(key).nature == "verbatim" and form.field(key).one_right_answer for key in keys)
    _, (step, choices) = recipe_sets(recipe, options(cutoff_len=1500), form)
    assert (step.name, choices.tasks) == (PIECES, keys)
    _, (_, chosen) = recipe_sets(recipe, options(cutoff_len=1500), form, ["客户购买阶段"])
    assert chosen.tasks == ("客户购买阶段",)
    export_training(store, options=choices, out=tmp_path / "set")
    assert any("window" in row for row in manifest_of(tmp_path / "set")["rows"])
    with pytest.raises(ExportError, match="表单没有字段「没有」"):
        recipe_sets(recipe, options(), form, ["没有"])
    with pytest.raises(ExportError, match="不能用偏好对来教"):
        recipe_sets(recipe, options(format=TrainingFormat.KTO), form)
    with pytest.raises(ExportError, match="不认识做法「别的」"):
        find_recipe("别的")


def test_prompts_of_recipes_exist() -> None:
    for recipe in RECIPES:
        for name in (*recipe.asked.split(","), *(step.changes.get("prompt", "") for step in recipe.steps)):
            assert not name or load_prompt(name)

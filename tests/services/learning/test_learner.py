"""The learner itself: the same examples give the same model, and no chat ever sees its own answer."""

import ast
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.domain.form import Form, FormValues
from core.domain.form.loading import parse_form
from core.domain.scoring import Scorer, prepare_reference
from core.domain.scoring.constants import best_constants
from core.errors import InputError
from core.services.learning import evaluate, learner
from core.services.learning.calibration import calibration_error
from core.services.learning.chat_features import chat_features
from core.services.learning.customers import count_names
from core.services.learning.evaluation import folds_of, groups_of
from core.services.learning.examples import LabelledChat, example
from core.services.learning.forest import fit_forest
from tests.factories.datasets import FORM, make_form

NAME, PHONE, KIND, STAGE = "基本信息-姓名", "基本信息-手机号码", "咨询类型", "客户购买阶段"
PACKAGE = Path(learner.__file__).parent


def made_up(number: int) -> tuple[str, FormValues]:
    """A chat whose customer asks the price (odd) or complains (even), and its right form."""
    who, staff = f"客人{chr(0x4E00 + number)}{number % 9}", "客服小何"
    phone = f"138{number:08d}"
    question = "这个多少钱？怎么收费？有优惠吗" if number % 2 else "又报错了，一直用不了，没人处理吗？太慢了"
    text = (
        f"{staff}：您好，请问有什么可以帮您\n{who}：{question}\n{staff}：您稍等，我帮您看一下\n"
        f"{who}：我的手机 {phone}，第{number}次问了\n{staff}：好的，我们的电话是 0571-8888{number:04d}\n{who}：谢谢"
    )
    stage = "报价" if number % 2 else ""
    return text, FORM.empty() | {NAME: who, PHONE: phone, KIND: ["询价" if number % 2 else "吐槽"], STAGE: stage}


def examples(count: int, form: Form = FORM) -> list[LabelledChat]:
    rows = [made_up(number) for number in range(1, count + 1)]
    return [example(form, chat_features(form, text), [values]) for text, values in rows]


@pytest.fixture(scope="module")
def thirty() -> list[LabelledChat]:
    return examples(30)


def values(model: learner.FittedExtractor, shown: Sequence[LabelledChat]) -> list[FormValues]:
    return [forms[0].values for forms in model.predict([one.chat for one in shown])]


def test_learns_who_what_and_which_phone(thirty: list[LabelledChat]) -> None:
    model = learner.fit(FORM, thirty[:24])
    for filled, right in zip(values(model, thirty[24:]), thirty[24:], strict=True):
        assert {key: filled[key] for key in (NAME, PHONE, KIND, STAGE)} == {
            key: right.forms[0][key] for key in (NAME, PHONE, KIND, STAGE)
        }
        assert FORM.coerce(filled).notes == ()


def test_the_same_examples_give_the_same_model(thirty: list[LabelledChat]) -> None:
    first, second = (learner.fit(FORM, thirty[:12]) for _ in range(2))
    one, two = (model.predict([one.chat for one in thirty[12:]]) for model in (first, second))
    assert one == two


def test_alone_or_in_a_batch_a_chat_gets_the_same_form(thirty: list[LabelledChat]) -> None:
    model = learner.fit(FORM, thirty[:20])
    batch = model.predict([one.chat for one in thirty])
    for one, together in zip(thirty, batch, strict=True):
        [alone] = model.predict([one.chat])
        assert [form.values for form in alone] == [form.values for form in together]


def test_no_chat_is_judged_by_a_model_that_saw_it(monkeypatch: pytest.MonkeyPatch, thirty: list[LabelledChat]) -> None:
    for count, folds in ((97, 5), (7, 5), (2, 2)):
        held_out = []
        for training, held in folds_of([None] * count, folds, repeat=0):
            assert not set(training) & set(held)
            assert sorted([*training, *held]) == list(range(count))
            held_out += held
        assert sorted(held_out) == list(range(count))
    fitted: list[set[int]] = []

    def fit(form: Form, shown: Sequence[LabelledChat], **more: int) -> learner.FittedExtractor:
        fitted.append({id(one.chat) for one in shown})
        model = real(form, shown, **more)
        predict = model.predict
        for one in thirty[:10]:
            if id(one.chat) not in fitted[-1]:
                predict([one.chat])
        return model

    real = learner.fit
    monkeypatch.setattr("core.services.learning.evaluation.fit", fit)
    result = evaluate(FORM, thirty[:10], folds=5, repeats=1, sizes=())
    assert len(fitted) == 5
    assert all(len(shown) == 8 for shown in fitted)
    assert len(result.points) == 10


def test_a_copy_with_one_message_more_teaches_nothing_about_its_chat() -> None:
    """Stages that follow from nothing: only a chat's own copy could tell them."""
    stages = ("报价", "赢单", "意向", "接触", "")
    single, copied = [], []
    for number in range(1, 13):
        text, right = made_up(number)
        right = right | {STAGE: stages[number * number % 5], KIND: [f"类{number * 7 % 11}"]}
        for copy in (text, f"{text}\n客服小何：好的，有问题随时找我"):
            copied.append(example(FORM, chat_features(FORM, copy), [right]))
        single.append(copied[-2])
    assert groups_of(copied) == [number // 2 for number in range(24)]
    once, twice = (evaluate(FORM, shown, folds=4, repeats=1, sizes=()) for shown in (single, copied))
    assert twice.learned <= once.learned + 0.2
    width = once.interval[1] - once.interval[0]
    assert twice.interval[1] - twice.interval[0] > 0.8 * width  # copies make nobody surer
    with pytest.raises(InputError, match="几乎是同一条"):
        evaluate(FORM, copied[:2])


def test_a_label_that_only_one_chat_has_is_never_predicted_for_it() -> None:
    shown = examples(12)
    odd = shown[5]
    marked = FORM.empty() | dict(odd.forms[0]) | {STAGE: "只此一条", KIND: ["只此一类"]}
    shown[5] = example(FORM, odd.chat, [marked])
    for training, held in folds_of([None] * 12, 4, repeat=0):
        if 5 in held:
            [filled] = values(learner.fit(FORM, [shown[place] for place in sorted(training)]), [shown[5]])
            assert filled[STAGE] != "只此一条"
            assert filled[KIND] != ["只此一类"]


def test_another_form_decides_what_is_learned() -> None:
    """No field of the challenge's form: one choice, a number, and a name, each with other keys and other points."""
    fields = (
        ("称呼", "person", "verbatim", []),
        ("事由", "choice", "judgement", ["问价", "投诉"]),
        ("电话", "phone", "verbatim", []),
    )
    source = 'name = "tickets"\ntitle = "工单"\nversion = 1\nname_field = "称呼"\ngroups = ["工单"]\n' + "".join(
        f'[[field]]\nkey = "{key}"\nlabel = "{key}"\ngroup = "工单"\ntype = "str"\nkind = "{kind}"\n'
        f'nature = "{nature}"\npoints = 2\none_right_answer = true\nvalues = {choices}\ndescription = "无"\n'
        for key, kind, nature, choices in fields
    )
    form = parse_form(source, "tickets.toml")
    rows = [made_up(number) for number in range(1, 25)]
    shown = [
        example(
            form,
            chat_features(form, text),
            [{"称呼": right[NAME], "事由": "问价" if right[STAGE] else "投诉", "电话": right[PHONE]}],
        )
        for text, right in rows
    ]
    model = learner.fit(form, shown[:18])
    assert values(model, shown[18:]) == [one.forms[0] for one in shown[18:]]


def test_names_are_counted_without_the_chat_itself(thirty: list[LabelledChat]) -> None:
    counts = count_names(thirty)
    one = thirty[0]
    customer, staff = one.chat.speakers.index(made_up(1)[1][NAME]), one.chat.speakers.index("客服小何")  # type: ignore[arg-type]
    rows = counts.columns(one.chat, one)
    assert rows[customer][:2] == (0.0, 0.0)
    assert rows[staff][0] == pytest.approx(np.log(30))
    assert counts.columns(one.chat, None)[customer][0] > 0


def test_values_that_nobody_has_looked_at_teach_nothing(thirty: list[LabelledChat]) -> None:
    def told(one: LabelledChat, right: FormValues, passed: Sequence[str]) -> LabelledChat:
        return example(FORM, one.chat, [dict(one.forms[0]) | right], [passed] if passed else [])

    shown = [told(one, {}, []) for one in thirty[:6]]
    wrong = {STAGE: "赢单", KIND: ["售后"], PHONE: "0571-88880001", NAME: "客服小何"}
    believed = [told(one, wrong, []) for one in thirty[6:24]]
    passed = [told(one, wrong, list(wrong)) for one in thirty[6:24]]
    right = [{key: one.forms[0][key] for key in wrong} for one in thirty[24:]]
    for examples_shown, is_right in (([*shown, *passed], True), ([*shown, *believed], False)):
        said = values(learner.fit(FORM, examples_shown), thirty[24:])
        assert ([{key: filled[key] for key in wrong} for filled in said] == right) is is_right
    # Nothing is known of a field of which all values passed: it stays empty.
    untold = [told(one, {}, [STAGE, KIND, NAME]) for one in thirty[:12]]
    assert all(not filled[STAGE] and not filled[KIND] for filled in values(learner.fit(FORM, untold), thirty[24:]))


def test_one_class_labels_few_and_no_examples(thirty: list[LabelledChat]) -> None:
    same = [example(FORM, one.chat, [FORM.empty() | {NAME: one.forms[0][NAME], KIND: ["答疑"]}]) for one in thirty[:6]]
    for shown in (same, thirty[:1], thirty[:2], []):
        for filled in values(learner.fit(FORM, shown), thirty[20:22]):
            assert FORM.coerce(filled).notes == ()
            assert filled[NAME]
    assert [filled[KIND] for filled in values(learner.fit(FORM, same), thirty[20:22])] == [["答疑"], ["答疑"]]


@pytest.mark.parametrize("text", ["", "\n", "没有发言人的一段话", "甲：", "甲：[图片]", "：：：\n。：\x00"])
def test_odd_chats_are_read_and_learned_from(text: str, thirty: list[LabelledChat]) -> None:
    chat = chat_features(FORM, text)
    strange = example(FORM, chat, [FORM.empty() | {NAME: "不在场"}, FORM.empty()])
    model = learner.fit(FORM, [strange, *thirty[:5]])
    [forms] = model.predict([chat])
    assert all(FORM.coerce(form.values).notes == () for form in forms)


def test_evaluation_says_what_to_compare_with(thirty: list[LabelledChat]) -> None:
    result = evaluate(FORM, thirty[:16], folds=4, repeats=1, sizes=(5,))
    shown = result.as_json()
    assert list(shown) == ["chats", "learned", "interval", "floors", "local", "delta_local", "ece", "curve"]
    assert shown["learned"] > shown["local"] > shown["floors"]["empty"]
    assert shown["floors"]["constants"] >= shown["floors"]["empty"]
    assert set(shown["curve"]) == {"5", "12"}
    assert shown["delta_local"][0] <= shown["learned"] - shown["local"] <= shown["delta_local"][1]
    assert 0 <= shown["ece"] < 0.3
    with pytest.raises(InputError, match="少于两条"):
        evaluate(FORM, thirty[:1])
    with pytest.raises(InputError, match="1 份"):
        evaluate(FORM, thirty, folds=1)


def test_trees_kept_as_arrays_say_what_the_library_says() -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    random = np.random.default_rng(3)
    rows = random.normal(size=(60, 7))
    targets = (rows[:, :2] + random.normal(scale=0.2, size=(60, 2)) > 0).astype(float)
    kept = fit_forest(rows, targets, None, leaf=3, seed=5, trees=20)
    library = ExtraTreesRegressor(20, min_samples_leaf=3, max_features=0.3, random_state=5).fit(rows, targets)
    fresh = random.normal(size=(15, 7))
    assert np.allclose(kept.predict(fresh), library.predict(fresh))


def test_the_calibration_error() -> None:
    assert calibration_error([]) == 0
    assert calibration_error([(0.8, True)] * 4 + [(0.8, False)]) == pytest.approx(0)
    assert calibration_error([(1.0, False)] * 3) == 1
    assert calibration_error([(0.9, False), (0.1, False)]) == pytest.approx(0.5)


def test_constants_are_chosen_on_other_chats() -> None:
    stage = FORM.field(STAGE).points
    golds = {index: [make_form({STAGE: "赢单" if index == 3 else "报价"})] for index in range(1, 6)}
    [best] = {best_constants(Scorer(FORM), [[Scorer(FORM).prepare(form) for form in golds[1]]])}
    assert dict(zip(FORM.keys, best, strict=True))[STAGE] == "报价"
    assert prepare_reference(FORM, golds).constants == pytest.approx(FORM.max_points - stage / 5)
    # One chat alone has nothing to choose from: an empty form.
    assert prepare_reference(FORM, {1: golds[1]}).constants == pytest.approx(FORM.max_points - stage)
    assert prepare_reference(FORM, {}).constants == 0
    # The one chat that answers otherwise is disputed: the constants are right everywhere else.
    disputed = {3: [(0, FORM.keys.index(STAGE))]}
    assert prepare_reference(FORM, golds, disputed=disputed).constants == pytest.approx(FORM.max_points)


def test_nothing_is_unpickled() -> None:
    """A model is refitted from approved chats; a file or a row that somebody else wrote is never executed."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not {name.partition(".")[0] for name in modules} & {"pickle", "joblib", "dill", "skops"}, path

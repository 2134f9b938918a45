"""Trains, keeps, finds and fits learned extractors.

What is kept is what a model is made of, not its numbers: which records and labels, which form, code and libraries. A
process that needs the model fits it again, once, and proves by the digest that it got the same one.
"""

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.llm.learned import DIGEST, LEARNED
from core.adapters.llm.local.rules import GENERAL_RULES
from core.adapters.store import LearnedModelView, RunView, Store, queries
from core.adapters.store.models import LearnedModel, ModelEntry, Record, Run, RunKind
from core.domain.form import Form, FormValues, load_named_form
from core.domain.form.loading import read_beside
from core.domain.permissions import Permission
from core.domain.stored_names import NAME_RULE, is_usable_name, stored_name
from core.errors import ConflictError, InputError, NotFoundError, RunError
from core.services.learning import learner
from core.services.learning.chat_features import FEATURES_VERSION, cached_features
from core.services.learning.corpus import Corpus, Source, read_corpus, restore_corpus
from core.services.learning.evaluation import FOLDS_VERSION, Evaluation, evaluate, groups_of
from core.services.learning.examples import LabelledChat, example
from core.services.quality import run_ancestry
from core.services.team import permitted

_LIBRARIES: Final = ("scikit-learn", "scipy", "numpy", "jionlp")
_MOST_FITTED: Final = 3
"""Fitted models that a process keeps."""
_NAME_LENGTH: Final = 80
_CHUNK: Final = 500

_fitted: OrderedDict[str, learner.FittedExtractor] = OrderedDict()
_fitting = threading.Lock()


def examples_of(corpus: Corpus, *, seen: Callable[[int], None] | None = None) -> list[LabelledChat]:
    """Features and right forms of a corpus, in its order.

    Args:
        corpus: what to learn from.
        seen: told the number of chats that are read.
    """
    form = corpus.form
    rows = []
    for number, one in enumerate(corpus.approved, 1):
        rows.append(example(form, cached_features(form.reference, one.text), one.forms, one.passed))
        if seen:
            seen(number)
    return rows


def versions_of(form: Form) -> dict[str, Any]:
    """Versions of everything but the examples that a model depends on."""
    return {
        "features": FEATURES_VERSION,
        "learner": learner.LEARNER_VERSION,
        "seed": learner.SEED,
        "form": form.version,
        "rules": hashlib.sha256(_rules_source(form)).hexdigest()[:12],
        **{name: version(name) for name in _LIBRARIES},
    }


def _rules_source(form: Form) -> bytes:
    """The rules that features count: those of the form, and the general ones."""
    return b"\0".join((read_beside(form.reference, "rules").encode(), GENERAL_RULES.read_bytes()))


def model_digest(corpus: Corpus) -> str:
    """Digest of the model that a fit of these examples gives now."""
    parts = [corpus.digest, versions_of(corpus.form)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def fit_corpus(corpus: Corpus, *, seen: Callable[[int], None] | None = None) -> learner.FittedExtractor:
    """Fit a model, or take the one that this process has fitted already.

    Args:
        corpus: what to learn from.
        seen: told the number of chats that are read.
    """
    digest = model_digest(corpus)
    with _fitting:
        if digest not in _fitted:
            _fitted[digest] = learner.fit(corpus.form, examples_of(corpus, seen=seen))
        _fitted.move_to_end(digest)
        while len(_fitted) > _MOST_FITTED:
            _fitted.popitem(last=False)
        return _fitted[digest]


@permitted(Permission.TRAINING)
def train(
    store: Store,
    *,
    datasets: Sequence[str],
    source: str,
    name: str,
    who: str = "",
    validate: bool = False,
    seen: Callable[[int], None] | None = None,
) -> LearnedModelView:
    """Train a model and put it into use under a name; runs that were started with an older one keep that.

    Args:
        store: open store.
        datasets: names; all of one form.
        source: ``labels``, ``records`` (已确认) or ``labels+records``.
        name: of the model, as runs name it.
        who: who wants it.
        validate: cross-validate it too, and keep what that gives.
        seen: told the number of chats that are read.

    Raises:
        NotFoundError: no such dataset, or nothing to learn from.
        InputError: no name, or the datasets have different forms.
        ConflictError: an entry of another kind has the name.
    """
    name = stored_name(name)
    if not is_usable_name(name, _NAME_LENGTH):
        why = f"不能用（{NAME_RULE}）" if len(name) <= _NAME_LENGTH else "太长"
        raise InputError(f"模型的名称{why}" if name else "模型没有名称", f"请填写 1 到 {_NAME_LENGTH} 个字")
    with store.read() as session:
        _refuse_taken(session, name)
        corpus = read_corpus(session, datasets, source)
    fit_corpus(corpus, seen=seen)
    evaluation: dict[str, Any] = {}
    if validate and len(set(groups_of(examples := examples_of(corpus)))) > 1:
        result = evaluate(corpus.form, examples, repeats=1, sizes=())
        evaluation = evaluation_of(corpus, result)
    return put_into_use(store, corpus, name=name, who=who, evaluation=evaluation)


def evaluation_of(corpus: Corpus, result: Evaluation) -> dict[str, Any]:
    """A cross-validation as it is kept with a model: with the points of each chat, by the digest of its text."""
    points = {one.sha256: round(points, 4) for one, points in zip(corpus.approved, result.points, strict=True)}
    return {**result.as_json(), "points": points, "folds": FOLDS_VERSION}


@permitted(Permission.TRAINING)
def put_into_use(store: Store, corpus: Corpus, *, name: str, who: str, evaluation: dict[str, Any]) -> LearnedModelView:
    """Keep what a model is made of, and let its entry name it; idempotent.

    Raises:
        ConflictError: an entry of another kind has the name.
    """
    digest = model_digest(corpus)
    with store.write() as session:
        entry = _refuse_taken(session, name)
        row = session.execute(_by_digest(digest).where(col(LearnedModel.name) == name)).scalar_one_or_none()
        if row is None:
            row = LearnedModel(
                name=name,
                digest=digest,
                form=corpus.form.reference,
                sources={"datasets": list(corpus.datasets), "source": corpus.source},
                examples=[one.reference() for one in corpus.approved],
                versions=versions_of(corpus.form),
                chats=len(corpus.approved),
                who=who,
            )
            session.add(row)
        if evaluation:
            row.evaluation = evaluation
        if entry is None:
            columns: dict[str, Any] = {"title": name, "provider": LEARNED, "price_in": 0.0, "price_out": 0.0}
            entry = ModelEntry(name=name, **columns)
            session.add(entry)
        entry.parameters = {DIGEST: digest}
        entry.note = f"从{'、'.join(corpus.datasets)}的 {len(corpus.approved):,} 条群聊学习"
        session.flush()
        return LearnedModelView.from_row(row)


def _refuse_taken(session: Session, name: str) -> ModelEntry | None:
    entry = session.execute(select(ModelEntry).where(col(ModelEntry.name) == name)).scalar_one_or_none()
    if entry is not None and entry.provider != LEARNED:
        raise ConflictError(f"已经有名为「{name}」的模型，它不是学习模型", "请换一个名称")
    return entry


def _by_digest(digest: str) -> Any:
    return select(LearnedModel).where(col(LearnedModel.digest) == digest).order_by(col(LearnedModel.id)).limit(1)


def learned_models(store: Store) -> list[LearnedModelView]:
    """All versions of all learned models, newest first."""
    with store.read() as session:
        rows = session.execute(select(LearnedModel).order_by(col(LearnedModel.id).desc())).scalars()
        return [LearnedModelView.from_row(row) for row in rows]


def started_by_provider(session: Session, view: LearnedModelView) -> dict[str, int]:
    """Of the records that a model was fitted and judged on, how many were started from runs of which provider."""
    counts: Counter[str] = Counter()
    for ids in queries.chunked([int(one["id"]) for one in view.examples if one["origin"] == "record"], _CHUNK):
        statement = (
            select(col(Run.provider), func.count())
            .join(Record, col(Record.base_run_id) == col(Run.id))
            .where(col(Record.id).in_(ids), col(Run.kind) != RunKind.LABELS)
            .group_by(col(Run.provider))
        )
        for provider, count in session.execute(statement):
            counts[provider] += count
    return dict(counts)


def texts_learned(store: Store, run: RunView) -> set[str]:
    """Digests of the texts that a run's learned model was fitted on; empty for any other run."""
    with store.read() as session:
        return run_ancestry.fitted_texts(session, run) or set()


def below_rules(view: LearnedModelView) -> tuple[str, str] | None:
    """Few words and a sentence (Chinese, no full stop) where the rules scored more than a model on the same chats.

    Args:
        view: a version of a learned model; one that was never judged scores less than nothing.
    """
    learned, local = view.evaluation.get("learned"), view.evaluation.get("local")
    if learned is None or local is None or learned >= local:
        return None
    high = (view.evaluation.get("delta_local") or (None, None))[1]
    words = "不如本地规则" if high is not None and high < 0 else "比本地规则低，但看不准"
    return words, f"得分{words}（{learned:.2f} 比 {local:.2f}）"


def version_in_use(session: Session, parameters: Mapping[str, Any]) -> LearnedModelView | None:
    """The version that an entry of a learned model names; ``None`` where it is none, or nothing is kept of it.

    Args:
        session: open session.
        parameters: of the entry.
    """
    if not (digest := str(parameters.get(DIGEST, ""))):
        return None
    row = session.execute(_by_digest(digest)).scalar_one_or_none()
    return LearnedModelView.from_row(row) if row is not None else None


def load_model(store: Store, digest: str) -> learner.FittedExtractor:
    """The extractor of a digest: fitted already, or fitted again from the examples it was made of.

    Raises:
        NotFoundError: nothing of this digest was ever kept.
        RunError: an example is gone, or program or form changed since: what a fit would give now is another model.
    """
    with _fitting:
        if digest in _fitted:
            _fitted.move_to_end(digest)
            return _fitted[digest]
    with store.read() as session:
        row = session.execute(_by_digest(digest)).scalar_one_or_none()
        if row is None:
            raise NotFoundError("这个学习模型已不存在", "请重新训练，再新建一个抽取任务")
        name, form = row.name, load_named_form(row.form)
        source: Source = row.sources.get("source", "labels+records")
        corpus = restore_corpus(session, form, row.sources.get("datasets", ()), source, row.examples)
        total, kept = row.chats, row.versions
    if (missing := total - len(corpus.approved)) > 0:
        raise RunError(
            f"学习模型「{name}」学过的 {total:,} 条群聊里，有 {missing:,} 条已经被删除",
            "请重新训练，再新建一个抽取任务",
        )
    if model_digest(corpus) != digest:
        now = versions_of(form)
        changed = "、".join(key for key in now if now[key] != kept.get(key)) or "学过的内容"
        raise RunError(
            f"学习模型「{name}」训练之后有了变化（{changed}），再拟合得到的不是同一个模型",
            "请重新训练，再新建一个抽取任务",
        )
    return fit_corpus(corpus)


def extract_with(store: Store, digest: str) -> Callable[[Form, str], list[FormValues]]:
    """What fills forms with the model of a digest; it is fitted at the first call.

    Args:
        store: where the model is kept.
        digest: of the model.
    """

    def fill(form: Form, conversation: str) -> list[FormValues]:
        model = load_model(store, digest)
        if model.form.reference != form.reference:
            raise RunError(
                f"这个学习模型填的是表单「{model.form.title}」，数据集用的是「{form.title}」", "请换一个模型"
            )
        chat = cached_features(form.reference, conversation)
        return [dict(one.values) for one in model.predict([chat])[0]]

    return fill

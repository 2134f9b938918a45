"""Fits a run's confidence on approved chats, keeps it as numbers, and says how far it can be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.models import (
    Chat,
    Extraction,
    ExtractionStatus,
    Pass,
    Record,
    Run,
    RunConfidence,
    RunKind,
    now,
)
from core.domain.form import Form, FormValues, load_named_form
from core.domain.scoring import Scorer
from core.services.learning import learner
from core.services.learning.calibration import Reliability, stored_reliability
from core.services.learning.cell_signs import ChatSigns, read_signs
from core.services.learning.chat_features import cached_features
from core.services.learning.confidence import (
    CONFIDENCE_VERSION,
    FEWEST_APPROVED,
    ConfidenceModel,
    JudgedSigns,
    fit_confidence,
    judge,
    measure_reliability,
    stored_confidence,
)
from core.services.learning.copy_groups import copy_groups
from core.services.learning.evaluation import folds_of, groups_of
from core.services.learning.examples import LabelledChat, example
from core.services.learning.models import texts_learned
from core.services.quality.cache import cached
from core.services.quality.data_versions import reference_version, run_version
from core.services.quality.passed_cells import Keys, PassedCells, anything_passed, begun_by_passing, passed_cells
from core.services.quality.run_ancestry import is_from_people, taught_on
from core.services.quality.scores import LABELS, RECORDS, Benchmark, reference
from core.services.quality.stored_votes import Votes, read_votes
from core.services.team import withheld

MOST_CHATS: Final = 300
"""Newest approved chats that a confidence is fitted on."""
MOST_OTHERS: Final = 6
"""Newest other runs that are asked what they say."""
_GROWTH: Final = 1.25
"""A confidence is fitted anew when so many times as many chats are approved: all chats are assessed anew then."""
_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class AnsweredChat:
    """An approved chat with a run's answer and what else is known of it.

    Attributes:
        text: the stored chat.
        sha256: of the text.
        answers: the run's forms.
        approved: the forms that people approved.
        others: other runs' forms by name.
        votes: what a vote did not take.
        chat_id: the chat; 0 where it is not stored.
        passed: per approved form, keys of values that passed and that nobody has looked at; empty: none.
    """

    text: str
    sha256: str
    answers: Sequence[FormValues]
    approved: tuple[FormValues, ...]
    others: Mapping[str, Sequence[FormValues]]
    votes: Votes
    chat_id: int = 0
    passed: Keys = ()


@dataclass(frozen=True, slots=True)
class FittedConfidence:
    """A run's confidence, ready to be asked.

    Attributes:
        scorer: of the form.
        model: over the signs.
        extractor: what was learned from the approved chats.
        approved: number of chats that it was fitted on.
    """

    scorer: Scorer
    model: ConfidenceModel
    extractor: learner.FittedExtractor
    approved: int

    def of(self, text: str, signs: ChatSigns) -> list[dict[str, float]]:
        """Confidence per cell of a run's answer to a chat that nobody has approved; by form and key."""
        form = self.scorer.form
        chat = cached_features(form.reference, text)
        return self.model.of(signs.with_learned(self.extractor.assess(chat, signs.forms)))


def other_runs(session: Session, dataset_id: int, run_id: int) -> dict[int, str]:
    """``{id: name}`` of the runs whose answers are compared with a run's: neither labels nor what people taught."""
    runs = (
        session.execute(select(Run).where(col(Run.dataset_id) == dataset_id).order_by(col(Run.id).desc()))
        .scalars()
        .all()
    )
    others = [
        run
        for run in runs
        if run.kind != RunKind.LABELS
        and run.id != run_id
        and not is_from_people(run, runs)
        and not taught_on(session, dataset_id, run, runs)  # it agrees with what was approved more than with the rest
    ]
    return {int(run.id or 0): run.name for run in others[:MOST_OTHERS]}


def count_approved(session: Session, run_id: int) -> int:
    """Number of approved chats that a run has answered; those of which all values passed do not count."""
    statement = _approved(select(func.count()).select_from(Record), run_id)
    passed = _passed(session, run_id)
    return int(session.execute(statement).scalar_one()) - sum(one.whole for one in passed.values())


def _passed(session: Session, run_id: int) -> dict[int, PassedCells]:
    """The passed values of the approved chats that a run has answered, by chat id."""
    if not anything_passed(session):
        return {}
    statement = _approved(select(col(Record.id), col(Record.version), col(Record.chat_id)), run_id)
    rows = session.execute(statement.where(begun_by_passing())).all()
    passed = passed_cells(session, {row.id: row.version for row in rows})
    return {row.chat_id: passed[row.id] for row in rows if row.id in passed}


def count_unreviewed(session: Session, run_id: int) -> int:
    """Number of chats without a record that a run has answered; counted once until anything is written."""
    key = (run_id, withheld(session).chats)
    return read_value_once(session, "unreviewed chats", key, lambda: _count_unreviewed(session, run_id))


def _count_unreviewed(session: Session, run_id: int) -> int:
    reviewed = select(col(Record.chat_id)).where(col(Record.review_pass) == Pass.PRIMARY)
    statement = select(func.count()).where(
        col(Extraction.run_id) == run_id,
        col(Extraction.status) != ExtractionStatus.FAILED,
        col(Extraction.made_on).is_(None),
        col(Extraction.chat_id).not_in(reviewed),
    )
    return int(session.execute(statement).scalar_one())


def why_unassessed(session: Session, run_id: int, count: int) -> str:
    """Chinese: why so many chats have no confidence yet; ``""`` for none.

    Args:
        session: open session.
        run_id: the run.
        count: number of unreviewed chats without a confidence.
    """
    if not count:
        return ""
    if (approved := count_approved(session, run_id)) < FEWEST_APPROVED and not fitted_on(session, run_id):
        lacking = f"还没有确认满 {FEWEST_APPROVED:d} 条（现在 {approved:,d} 条）"
        return f"{count:,d} 条还没有把握：这个抽取任务答过的群聊{lacking}"
    return f"{count:,d} 条的把握还没有算好：打开审阅台，会在后台计算"


def _approved(statement: Any, run_id: int) -> Any:
    return statement.join(
        Extraction,
        and_(
            col(Extraction.chat_id) == col(Record.chat_id),
            col(Extraction.run_id) == run_id,
            col(Extraction.status) != ExtractionStatus.FAILED,
            col(Extraction.made_on).is_(None),  # it has not read what was approved
        ),
    ).where(queries.is_final(), ~queries.is_passed())


def _approved_chats(session: Session, form: Form, run: Run | RunView) -> list[AnsweredChat]:
    """The newest approved chats that a run has answered, but those of which all values passed."""
    run_id = int(run.id or 0)
    passed = _passed(session, run_id)
    approved = {
        chat_id: tuple(form.coerce(customer["values"]).values for customer in customers)
        for chat_id, customers in session.execute(_newest_approved(run_id))
        if customers and not (chat_id in passed and passed[chat_id].whole)
    }
    return answered_chats(session, form, run, approved, {chat_id: one.keys for chat_id, one in passed.items()})


def _newest_approved(run_id: int) -> Any:
    """Statement for chats and customers of the records by which a run's confidences are fitted."""
    statement = _approved(select(col(Record.chat_id), col(Record.customers)), run_id)
    return statement.order_by(col(Record.updated_at).desc(), col(Record.id).desc()).limit(MOST_CHATS)


def approved_customers(session: Session, run_id: int) -> list[list[dict[str, Any]]]:
    """Customers, as records hold them, of the newest approved chats that a run has answered."""
    return [customers for _, customers in session.execute(_newest_approved(run_id)) if customers]


def answered_chats(
    session: Session,
    form: Form,
    run: Run | RunView,
    approved: Mapping[int, Sequence[FormValues]],
    passed: Mapping[int, Keys] = MappingProxyType({}),
) -> list[AnsweredChat]:
    """A run's answers to chats, and what other runs say of them; in the order of the texts' digests.

    Args:
        session: open session.
        form: of the dataset.
        run: whose answers.
        approved: right forms by chat id.
        passed: by chat id, per right form, keys of values that nobody has looked at.
    """
    run_id = int(run.id or 0)
    names = other_runs(session, run.dataset_id, run_id)
    answers: dict[int, tuple[Sequence[FormValues], Votes]] = {}
    others: dict[int, dict[str, Sequence[FormValues]]] = {}
    texts: dict[int, tuple[str, str]] = {}
    for ids in queries.chunked(sorted(approved)):
        chats = select(col(Chat.id), col(Chat.text), col(Chat.sha256)).where(col(Chat.id).in_(ids))
        texts |= {int(chat_id or 0): (text, sha256) for chat_id, text, sha256 in session.execute(chats)}
        own = select(col(Extraction.chat_id), col(Extraction.forms)).where(
            col(Extraction.run_id) == run_id,
            col(Extraction.chat_id).in_(ids),
            col(Extraction.status) != ExtractionStatus.FAILED,
        )
        votes = read_votes(session, [run_id], ids)
        answers |= {chat_id: (forms or [], votes.get((run_id, chat_id), {})) for chat_id, forms in session.execute(own)}
        theirs = select(col(Extraction.chat_id), col(Extraction.run_id), col(Extraction.forms)).where(
            col(Extraction.run_id).in_(list(names)),
            col(Extraction.chat_id).in_(ids),
            col(Extraction.status) != ExtractionStatus.FAILED,
        )
        for chat_id, other, forms in session.execute(theirs):
            others.setdefault(chat_id, {})[names[other]] = forms or []
    chats_with_answers = [
        AnsweredChat(
            *texts[chat_id],
            answers[chat_id][0],
            tuple(approved[chat_id]),
            others.get(chat_id, {}),
            answers[chat_id][1],
            chat_id,
            passed.get(chat_id, ()),
        )
        for chat_id in answers.keys() & texts.keys()
    ]
    return sorted(chats_with_answers, key=lambda one: one.sha256)


def judged_signs(scorer: Scorer, chats: Sequence[AnsweredChat]) -> list[JudgedSigns]:
    """Signs and right cells of approved chats, without anything learned."""
    groups = copy_groups([one.text for one in chats])
    return [
        judge(
            scorer,
            read_signs(scorer, one.text, one.answers, one.others, one.votes),
            one.approved,
            passed=one.passed,
            group=group,
        )
        for one, group in zip(chats, groups, strict=True)
    ]


def judged_with_learned(
    scorer: Scorer, chats: Sequence[AnsweredChat], learned_texts: set[str], *, division: int = 0
) -> tuple[list[JudgedSigns], list[LabelledChat]]:
    """Signs of approved chats with learned probabilities, each of an extractor that did not learn from its chat.

    Neither did it learn from a copy of the chat.

    Where the run itself is of an extractor that has learned from a chat, its answer there says nothing about others:
    what an extractor answers that has not is judged in its place.

    Args:
        scorer: of the form.
        chats: approved chats, at least two.
        learned_texts: digests of the texts that the run's own extractor has learned from.
        division: number of the division of the chats into folds.
    """
    form = scorer.form
    examples = [_example(form, one) for one in chats]
    groups = groups_of(examples)
    judged: list[JudgedSigns | None] = [None] * len(chats)
    for training, held in folds_of(groups, _FOLDS, division):
        extractor = learner.fit(form, [examples[place] for place in sorted(training)])
        for place in held:
            one = chats[place]
            answers = one.answers
            if one.sha256 in learned_texts:
                answers = [filled.values for filled in extractor.predict([examples[place].chat])[0]]
            signs = read_signs(scorer, one.text, answers, one.others, one.votes)
            signs = signs.with_learned(extractor.assess(examples[place].chat, signs.forms))
            judged[place] = judge(scorer, signs, one.approved, passed=one.passed, group=groups[place])
    return [one for one in judged if one is not None], examples


def _example(form: Form, chat: AnsweredChat) -> LabelledChat:
    features = cached_features(form.reference, chat.text)
    return example(form, features, list(chat.approved), chat.passed)


def is_fit_due(session: Session, run_id: int) -> bool:
    """Whether so much more was approved since a run's confidence was fitted that it is worth fitting anew."""
    approved = count_approved(session, run_id)
    row = session.get(RunConfidence, run_id)
    if row is not None and row.model.get("version") == CONFIDENCE_VERSION:
        return approved >= row.approved * _GROWTH
    return approved >= FEWEST_APPROVED


def fit_run_confidence(store: Store, run_id: int) -> bool:
    """Fit and keep the confidence of a run where that is due; takes seconds of processor time.

    Args:
        store: open store.
        run_id: the run.

    Returns:
        Whether it was fitted.
    """
    with store.read() as session:
        if not is_fit_due(session, run_id):
            return False
        run = queries.run(session, run_id)
        form = load_named_form(queries.dataset(session, run.dataset_id).form)
        approved = count_approved(session, run_id)
        chats = _approved_chats(session, form, run)
    scorer = Scorer(form)
    judged, _ = judged_with_learned(scorer, chats, texts_learned(store, run))
    model, reliability = fit_confidence(form, judged), measure_reliability(form, judged)
    with store.write() as session:
        if session.get(Run, run_id) is None:
            return False
        row = session.get(RunConfidence, run_id) or RunConfidence(run_id=run_id)
        row.approved, row.model, row.reliability = approved, model.as_json(), reliability.as_json()
        row.examples = sorted(one.sha256 for one in chats)
        row.fitted_at = now()
        session.add(row)
    return True


def load_run_confidence(store: Store, run_id: int) -> FittedConfidence | None:
    """The stored confidence of a run, with its extractor fitted again; ``None`` where there is none that fits."""
    with store.read() as session:
        row = session.get(RunConfidence, run_id)
        if row is None:
            return None
        run = queries.run(session, run_id)
        form = load_named_form(queries.dataset(session, run.dataset_id).form)
        model, approved, known = stored_confidence(form, row.model), row.approved, set(row.examples)
        chats = [one for one in _approved_chats(session, form, run) if one.sha256 in known]
    if model is None:
        return None
    examples = [_example(form, one) for one in chats]
    return FittedConfidence(Scorer(form), model, learner.fit(form, examples), approved)


def fitted_on(session: Session, run_id: int | None) -> int:
    """Number of approved chats that a run's stored confidence was fitted on; 0 where there is none."""
    row = session.get(RunConfidence, run_id) if run_id is not None else None
    return row.approved if row else 0


def run_reliability(store: Store, benchmark: Benchmark, run: RunView) -> Reliability | None:
    """How far a run's confidences can be believed; ``None`` below 20 chats, and against anything but labels or records.

    Against records, it is what was kept when the desk's confidences were fitted. Against labels it is measured now,
    without what is learned from approvals: that would take seconds.

    Args:
        store: open store.
        benchmark: dataset, form and reference.
        run: the run.
    """
    with store.read() as session:
        if benchmark.against == RECORDS:
            row = session.get(RunConfidence, run.id)
            return stored_reliability(row.reliability) if row else None
        if benchmark.against != LABELS:
            return None
        labels = reference_version(session, benchmark.dataset, LABELS)
        key = ("reliability", store.url, benchmark.form.version, labels, run_version(run))

        def measure() -> Reliability | None:
            golds = reference(session, benchmark.dataset, LABELS)
            indices = select(col(Chat.index), col(Chat.id)).where(col(Chat.dataset_id) == benchmark.dataset.id)
            by_id = {int(chat_id or 0): golds[index] for index, chat_id in session.execute(indices) if index in golds}
            newest = dict(sorted(by_id.items())[-MOST_CHATS:])
            approved = {
                chat_id: tuple(benchmark.form.coerce(values).values for values in forms)
                for chat_id, forms in newest.items()
                if forms
            }
            chats = answered_chats(session, benchmark.form, run, approved)
            if len(chats) < FEWEST_APPROVED:
                return None
            return measure_reliability(benchmark.form, judged_signs(Scorer(benchmark.form), chats))

        return cached(key, measure)

"""How often each field is filled: in the reference, and by a run; with what a prompt could say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.adapters.store import RunView, Store, queries
from core.domain.form import Field, Form, FormValues, Nature
from core.services.quality.scores import Benchmark, reference

_DIFFERS_FROM: Final = 0.15
"""Difference of the two shares from which something is said about it."""
_FEWEST: Final = 10
"""Fewest reference forms from which anything is said."""


@dataclass(frozen=True, slots=True)
class FillRate:
    """Shares of forms in which a field is filled.

    Attributes:
        key: the field.
        label: its title.
        reference: share of the reference's forms, 0 to 1.
        run: share of the run's forms.
        advice: what a prompt could say, one Chinese sentence; ``""`` where the two agree.
    """

    key: str
    label: str
    reference: float
    run: float
    advice: str

    @property
    def sentence(self) -> str:
        """Both shares and what follows from them; ``""`` where they agree."""
        if not self.advice:
            return ""
        return f"{self.label}：对照 {self.reference:.0%}，这个抽取任务 {self.run:.0%}。提示词可以写明「{self.advice}」"


def run_fill_rates(store: Store, benchmark: Benchmark, run: RunView) -> list[FillRate]:
    """Fill rates of a run beside those of a benchmark's reference, see :func:`fill_rates`.

    Raises:
        NotFoundError: the reference does not exist.
    """
    with store.read() as session:
        golds = reference(session, benchmark.dataset, benchmark.against)
        return fill_rates(benchmark.form, queries.forms_by_index(session, run.id), golds)


def fill_rates(
    form: Form, preds: Mapping[int, Sequence[FormValues]], golds: Mapping[int, Sequence[FormValues]]
) -> list[FillRate]:
    """Fill rates of every field over the chats that both have, the most different first.

    Args:
        form: whose fields are counted.
        preds: the run's forms by chat index.
        golds: the reference's forms by chat index.
    """
    common = sorted(preds.keys() & golds.keys())
    answered = [values for index in common for values in preds[index]]
    expected = [values for index in common for values in golds[index]]
    rates = []
    for field in form.fields:
        reference, run = (_share(field.key, forms) for forms in (expected, answered))
        advice = ""
        if len(expected) >= _FEWEST and abs(run - reference) >= _DIFFERS_FROM:
            advice = _advice(field, reference, run)
        rates.append(FillRate(field.key, field.label, reference, run, advice))
    return sorted(rates, key=lambda rate: -abs(rate.run - rate.reference))


def _share(key: str, forms: Sequence[FormValues]) -> float:
    return sum(1 for values in forms if values.get(key)) / len(forms) if forms else 0.0


def _advice(field: Field, reference: float, run: float) -> str:
    """What a prompt could say; only what is chosen among suggested values is ever chosen by likeliness."""
    label = field.label
    if run > reference:
        return f"{label}：群聊里没有明确说到就留空" if reference > 0.02 else f"{label}：一律留空"
    if field.nature is Nature.VERBATIM:
        return f"{label}：群聊里有原话就照抄，没有就留空"
    if not field.values:
        return f"{label}：群聊里说到了就写明，没有说到就留空"
    if reference > 0.9:
        return f"{label}：每位客户都要填，看不出来时选最可能的一个"
    return f"{label}：有迹象就填，不要求客户原话说出来"

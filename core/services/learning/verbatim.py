"""Fields that quote the chat: which of the phones, e-mails, places and addresses found in it is the customer's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.form import Field, Form
from core.services.learning.chat_features import CANDIDATE_KINDS, Candidate, ChatFeatures
from core.services.learning.forest import Floats, Forest, fit_forest


@dataclass(frozen=True, slots=True)
class Verbatim:
    """The fitted ranker, shared by all fields.

    Attributes:
        keys: the fields, in the order of the form.
        trees: ``None`` where no example tells a right value from a wrong one.
        unseen: per field, how often people approve a value that no finder sees.
    """

    keys: tuple[str, ...]
    trees: Forest | None
    unseen: Mapping[str, float]

    def chances(self, field: Field, chat: ChatFeatures, customer: int, names: Floats) -> list[tuple[str, float]]:
        """Candidates for a field of one customer with the probability of each."""
        options = _options(field, chat)
        if not options:
            return []
        if self.trees is None:
            return [(option.value, 0.0) for option in options]
        rows = np.array([_row(self.keys, field, chat, customer, option, names) for option in options])
        return [
            (option.value, float(chance))
            for option, chance in zip(options, self.trees.predict(rows)[:, 0], strict=True)
        ]


def verbatim_fields(form: Form) -> tuple[Field, ...]:
    """Fields whose values are looked for among candidates."""
    return tuple(field for field in form.fields if field.kind in CANDIDATE_KINDS and not field.values)


def _options(field: Field, chat: ChatFeatures) -> list[Candidate]:
    return [option for option in chat.candidates if option.kind is field.kind]


def _row(
    keys: Sequence[str], field: Field, chat: ChatFeatures, customer: int, option: Candidate, names: Floats
) -> list[float]:
    name = chat.speakers[customer]
    author = chat.speakers.index(option.speaker)
    same = _options(field, chat)
    mine = [one for one in same if one.speaker == name]
    return [
        *option.features,
        *(float(key == field.key) for key in keys),
        float(option.speaker == name),
        float(name in option.speakers),
        float(len(mine)),
        float(mine.index(option) if option in mine else -1),
        float(sum(1 for one in same if name in one.speakers)),
        *chat.speaker_rows[author][:6],
        *names[author],
    ]


@dataclass(frozen=True, slots=True)
class VerbatimCase:
    """One customer of an example, for training.

    Attributes:
        chat: the chat.
        customer: place among the speakers.
        names: columns of :class:`core.services.learning.customers.NameCounts` per speaker.
        right: right value by key; of fields whose value teaches something.
        weight: of the customer.
    """

    chat: ChatFeatures
    customer: int
    names: Floats
    right: dict[str, str]
    weight: float


def fit_verbatim(form: Form, cases: Sequence[VerbatimCase], *, seed: int) -> Verbatim:
    """Learn which candidates people approve."""
    fields = verbatim_fields(form)
    keys = tuple(field.key for field in fields)
    rows, targets, weights = [], [], []
    for case in cases:
        for field in (one for one in fields if one.key in case.right):
            for option in _options(field, case.chat):
                rows.append(_row(keys, field, case.chat, case.customer, option, case.names))
                targets.append([float(option.value == case.right.get(field.key, ""))])
                weights.append(case.weight)
    total = sum(case.weight for case in cases) + 2.0
    unseen = {
        field.key: (0.1 + sum(case.weight for case in cases if _is_unseen(field, case))) / total for field in fields
    }
    if len({target[0] for target in targets}) < 2:
        return Verbatim(keys, None, unseen)
    return Verbatim(keys, fit_forest(np.array(rows), np.array(targets), np.array(weights), leaf=2, seed=seed), unseen)


def _is_unseen(field: Field, case: VerbatimCase) -> bool:
    right = case.right.get(field.key, "")
    return bool(right) and all(option.value != right for option in _options(field, case.chat))

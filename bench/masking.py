"""Masking: how many spellings of personal data are hidden, and how many ordinary numbers are hidden wrongly."""

from collections.abc import Iterable, Sequence

from bench.masking_habits import habits
from bench.masking_hand import by_hand, ordinary_by_hand
from bench.masking_lookalikes import lookalikes
from bench.masking_texts import Sample, ordinary, samples
from bench.masking_unseen import ordinary_unseen, unseen
from core.domain.form import load_named_form
from core.domain.masking import STAR, Mask, Masked
from core.domain.personal_data import PersonalKind

_SHOWN = 3
_MASK = Mask(frozenset(Masked))
_MANY = 4
"""Characters of a long value that have to be hidden; three digits in front and four behind may stay."""
_CHAT = "客户1：{}\n客服：好的\n"


def is_hidden(kind: PersonalKind, sample: Sample, masked: str) -> bool:
    """Whether a masked text no longer tells the value."""
    rest = masked[sample.start : sample.end]
    hidden = sum(one == STAR for one in rest)
    if kind is PersonalKind.NAME:
        return (hidden > 0 or len(sample.value) == 1) and hidden >= sum(one.isalpha() for one in sample.value) - 1
    if kind is PersonalKind.EMAIL:
        local = rest.partition("@")[0]
        return hidden > 1 or not any(one.isalnum() for one in local[1:])
    if kind is PersonalKind.ADDRESS:
        return hidden > 0 and not any(one.isdigit() for one in rest[2:])
    return hidden >= _MANY or (hidden > 0 and hidden * 2 >= sum(one.isalnum() for one in sample.value))


def missed(kind: PersonalKind, written: Sequence[Sample]) -> list[Sample]:
    """Samples of a kind that are still readable when everything is masked."""
    form = load_named_form()
    return [sample for sample in written if not is_hidden(kind, sample, _MASK.text(sample.text, form))]


def wrongly_masked(texts: Iterable[str]) -> list[str]:
    """Sentences of ordinary numbers in which something is masked."""
    form = load_named_form()
    return [text for text in texts if text not in _MASK.text(_CHAT.format(text), form)]


def run() -> None:
    counts: dict[PersonalKind, tuple[int, int]] = {}
    for hand, written_by in (("rules", samples), ("habits", habits), ("hand", by_hand), ("unseen", unseen)):
        for kind in PersonalKind:
            written = written_by(kind)
            lost = missed(kind, written)
            share = (len(written) - len(lost)) / len(written)
            hidden, of_all = counts.get(kind, (0, 0))
            counts[kind] = hidden + len(written) - len(lost), of_all + len(written)
            print(f"  {hand:<7} {kind:<10} {len(written) - len(lost):4d} of {len(written)} masked  {share:7.2%}")
            for sample in lost[:_SHOWN]:
                print(f"             left readable: {sample.text!r}")
    for kind, (hidden, of_all) in counts.items():
        print(f"  all     {kind:<10} {hidden:4d} of {of_all} masked  {hidden / of_all:7.2%}")
    for name, texts in (
        ordinary() | lookalikes() | {"by hand": ordinary_by_hand(), "unseen": ordinary_unseen()}
    ).items():
        wrong = wrongly_masked(texts)
        print(f"  {name:<10} {len(wrong):4d} of {len(texts)} masked wrongly  {len(wrong) / len(texts):7.2%}")
        for text in wrong[:_SHOWN]:
            print(f"             masked wrongly: {text!r}")

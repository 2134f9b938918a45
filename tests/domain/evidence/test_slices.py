"""Text cut at the borders of evidence: every character once, in order, with exactly the evidence that covers it."""

import random
from pathlib import Path

import pytest

from core.domain.chat.parsed_chat import Span
from core.domain.evidence import cut_at_evidence

TEXT = "林舟3：我电话 139 0000 1234，请联系我"


def test_slices_name_the_evidence_over_them() -> None:
    evidence = [Span(4, 11), Span(8, 20), Span(0, 2)]  # the last one lies before the body
    slices = cut_at_evidence(Span(4, 24), evidence)
    assert [(tuple(piece.span), piece.evidence) for piece in slices] == [
        ((4, 8), (0,)),
        ((8, 11), (0, 1)),
        ((11, 20), (1,)),
        ((20, 24), ()),
    ]


def test_nothing_is_cut_where_nothing_is_said() -> None:
    assert cut_at_evidence(Span(4, 4), [Span(0, 9)]) == []
    assert [piece.evidence for piece in cut_at_evidence(Span(4, 9), [])] == [()]


@pytest.mark.parametrize("seed", range(20))
def test_every_character_keeps_its_evidence(seed: int) -> None:
    rng = random.Random(seed)
    ends = [sorted(rng.sample(range(len(TEXT)), 2)) for _ in range(6)]
    evidence = [Span(start, end) for start, end in ends]
    body = Span(*sorted(rng.sample(range(len(TEXT)), 2)))
    slices = cut_at_evidence(body, evidence)
    assert "".join(piece.span.of(TEXT) for piece in slices) == body.of(TEXT)
    for piece in slices:
        for place in range(piece.span.start, piece.span.end):
            assert piece.evidence == tuple(n for n, e in enumerate(evidence) if e.start <= place < e.end)


def test_one_place_cuts_text_and_takes_chats_apart() -> None:
    """Workbench, comparison, report and priority once did it each in their own way: one without the speakers' roles."""
    root = Path(__file__).resolve().parents[3]
    own = [
        str(path.relative_to(root))
        for path in sorted([*root.glob("core/**/*.py"), *root.glob("pages/**/*.py")])
        if ("ChatIndex(" in (text := path.read_text("utf-8")) and "guess_roles(" in text) or "zip(borders" in text
    ]
    assert own == ["core/domain/evidence/analysis.py", "core/domain/evidence/slices.py"]

"""The shipped samples: our own chats with labels and one run for each shipped form; pages name them at once."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.form import load_named_form
from core.settings import DEFAULT_FORM, ROOT

SAMPLE = ROOT / "data" / "sample"
SAMPLE_DATASET = "示例群聊"
SAMPLE_RUN = "示例抽取"


@dataclass(frozen=True, slots=True)
class Sample:
    """Chats of our own making for one of the shipped forms.

    Attributes:
        form: name of the form.
        dataset: name of the dataset that they are loaded into.
        folder: of ``chats.json`` and ``run.json``.
    """

    form: str
    dataset: str
    folder: Path


def shipped_samples() -> tuple[Sample, ...]:
    """All samples, the default form's first; those of other forms lie in folders that are named like them."""
    names = sorted(path.parent.name for path in SAMPLE.glob("*/chats.json"))
    others = (Sample(name, f"示例{load_named_form(name).title}", SAMPLE / name) for name in names)
    return (Sample(DEFAULT_FORM, SAMPLE_DATASET, SAMPLE), *others)

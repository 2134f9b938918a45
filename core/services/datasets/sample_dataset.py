"""The shipped samples: our own chats with labels and one run for each shipped form, to review at a first start."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.adapters.store import Store
from core.domain.form import load_named_form
from core.errors import NotFoundError
from core.settings import DEFAULT_FORM, ROOT

if TYPE_CHECKING:
    from core.services.datasets.import_types import ImportReport

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


def load_sample(store: Store, form: str = DEFAULT_FORM) -> "tuple[ImportReport, ImportReport]":
    """Load the sample chats of a form with their labels, and the sample run; what is there already is left alone.

    Args:
        store: where to.
        form: name of a form that a sample comes with, whatever form new datasets get otherwise.

    Returns:
        The reports of both imports: chats, then run.

    Raises:
        NotFoundError: no sample of such a form; names those that there are.
        InputError: a sample file is missing or damaged.
        ConflictError: a dataset of this name is there with other settings.
    """
    # Pages name the samples; only who loads one needs all that imports.
    from core.services.datasets.chat_import import import_chats
    from core.services.datasets.run_import import import_run

    sample = next((one for one in shipped_samples() if one.form == form), None)
    if sample is None:
        names = "、".join(one.form for one in shipped_samples())
        raise NotFoundError(f"没有表单「{form[:60]}」的示例", f"有示例的表单：{names}")
    chats = import_chats(
        store,
        sample.folder / "chats.json",
        filename="chats.json",
        dataset=sample.dataset,
        split="train",
        form_name=sample.form,
    )
    run = import_run(store, sample.folder / "run.json", filename="run.json", dataset=sample.dataset, run=SAMPLE_RUN)
    return chats, run

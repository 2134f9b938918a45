"""Loads a shipped sample, so that a first start has something to review."""

from core.adapters.store import Store
from core.errors import NotFoundError
from core.services.datasets.chat_import import import_chats
from core.services.datasets.import_types import ImportReport
from core.services.datasets.run_import import import_run
from core.services.datasets.sample_dataset import SAMPLE_RUN, shipped_samples
from core.settings import DEFAULT_FORM


def load_sample(store: Store, form: str = DEFAULT_FORM) -> tuple[ImportReport, ImportReport]:
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

"""The shipped sample: our own chats with labels and one finished run, so that a first start has something to review."""

from core.adapters.store import Store
from core.services.datasets.chat_import import import_chats
from core.services.datasets.import_types import ImportReport
from core.services.datasets.run_import import import_run
from core.settings import ROOT

SAMPLE = ROOT / "data" / "sample"
SAMPLE_DATASET = "示例群聊"
SAMPLE_RUN = "示例抽取"


def load_sample(store: Store) -> tuple[ImportReport, ImportReport]:
    """Load the sample chats with their labels, and the sample run; what is there already is left alone.

    Returns:
        The reports of both imports: chats, then run.

    Raises:
        InputError: a sample file is missing or damaged.
        ConflictError: a dataset of this name is there with other settings.
    """
    chats = import_chats(store, SAMPLE / "chats.json", filename="chats.json", dataset=SAMPLE_DATASET, split="train")
    run = import_run(store, SAMPLE / "run.json", filename="run.json", dataset=SAMPLE_DATASET, run=SAMPLE_RUN)
    return chats, run

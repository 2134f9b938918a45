"""Files that ask for too much: seconds until the sentence, peak memory of the program and of the process that reads."""

import resource
import time
from io import BytesIO

from bench.report import line
from core.domain.form import load_named_form
from core.errors import ShiyaoError
from core.services.datasets import preview_import
from core.services.datasets.reader_pool import end_idle_readers
from core.services.datasets.reading_limits import peak_megabytes
from tests.factories.hostile_files import HOSTILE, LARGE


def run() -> None:
    """Preview each file, as the page does before anything is imported."""
    form = load_named_form()
    for what, (name, make) in (HOSTILE | LARGE).items():
        data = make()
        before = peak_megabytes()
        started = time.perf_counter()
        try:
            preview = preview_import(BytesIO(data), name, form)
            outcome = f"{preview.good} good, {len(preview.rejected)} rejected"
        except ShiyaoError as error:
            outcome = error.message
        seconds = time.perf_counter() - started
        end_idle_readers()
        reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        program = peak_megabytes() - before
        line(
            f"{what} ({len(data) / 1e6:,.3f} MB)",
            f"{seconds:.1f} s",
        )
        print(f"    program +{program:.0f} MB, largest reader so far {reader:,.0f} MB; {outcome}")

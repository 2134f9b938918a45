"""Writing the files of a training set as a heavy job: for one person, entered and stored together or not at all."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlmodel import Session

from core.adapters.store import HeavyJobView, Store
from core.domain.permissions import Permission
from core.services.export.download import download
from core.services.export.export_result import ExportResult
from core.services.jobs import JobKind, JobProgress, ResultWithEntry, latest_job_about
from core.services.jobs.personal import asked_by, data_of_the_moment, request_once
from core.services.team import acting_as, permitted
from core.services.training.build import WrittenSet, written_set
from core.services.training.set_files import publish_set
from core.services.training.set_versions import RebuiltSet, rebuilt_set
from core.services.training.training_options import TrainingOptions, options_from_json

Written = TypeVar("Written", WrittenSet, RebuiltSet)
SET, REBUILD = "training_set", "training_rebuild"


@permitted(Permission.TRAINING)
def request_set(store: Store, options: TrainingOptions, *, name: str, file: str, who: str) -> HeavyJobView:
    """Have a training set built in the background; each request builds one, as each click does.

    Args:
        store: the open store.
        options: every choice.
        name: of the set.
        file: name of the folder that its ZIP holds.
        who: builds it.
    """
    return request_once(store, SET, {"options": options.as_json(), "name": name, "file": file, "who": who})


@permitted(Permission.TRAINING)
def request_rebuild(store: Store, number: int, *, file: str, who: str) -> HeavyJobView:
    """Have the files of a set written again in the background.

    Args:
        store: the open store.
        number: of the set.
        file: name of the folder that its ZIP holds.
        who: asks for it.
    """
    return request_once(store, REBUILD, {"number": number, "file": file, "who": who})


def newest_set_job(store: Store, kind: str, who: str) -> HeavyJobView | None:
    """The job that a person has asked for last, :data:`SET` or :data:`REBUILD`; ``None`` where there is none."""
    with store.read() as session:
        return latest_job_about(session, kind, _about({"who": who}))


def _about(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whose file it is: of each person the newest one is kept."""
    return {"who": parameters["who"]}


def _build(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> ResultWithEntry:
    options = options_from_json(parameters["options"])
    name, who = parameters["name"], parameters["who"]
    return _file(
        parameters,
        lambda out: written_set(store, options, out, progress),
        lambda files, session: files.enter(session, name=name, who=who),
    )


def _build_again(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> ResultWithEntry:
    number = int(parameters["number"])
    return _file(
        parameters,
        lambda out: rebuilt_set(store, number, out, progress),
        lambda files, session: files.enter(session),
    )


def _file(
    parameters: Mapping[str, Any],
    write: Callable[[Path], AbstractContextManager[Written]],
    enter: Callable[[Written, Session], None],
) -> ResultWithEntry:
    """The ZIP of a set's files, with the entry that whoever asked for it makes when it is stored."""
    actor = asked_by(parameters)
    written: list[Written] = []

    def make(out: Path) -> ExportResult:
        with write(out) as files:
            publish_set(files.folder, out)
            written.append(files)
        return files.result

    def enter_as_asked(session: Session) -> None:
        with acting_as(actor):
            enter(written[0], session)

    with acting_as(actor):
        made = download(parameters["file"], make)
    return ResultWithEntry(made, enter_as_asked)


_CLASSES: Final = (
    "core.services.export.download:Download",
    "core.services.export.export_result:ExportResult",
    "pathlib:PosixPath",
)

KINDS: Final = {
    SET: JobKind("训练集", data_of_the_moment, _build, _CLASSES, _about),
    REBUILD: JobKind("训练集重建", data_of_the_moment, _build_again, _CLASSES, _about),
}

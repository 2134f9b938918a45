"""Builds a training set: selects answers, makes rows, orders them, writes and verifies the files, logs the version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

from core.adapters.store import Store, queries
from core.domain.permissions import Permission
from core.services.export.atomic_file import pending_file
from core.services.export.export_log import log_training_set
from core.services.export.export_result import ExportResult
from core.services.team import permitted, remember_seen
from core.services.training.arrange import arrange
from core.services.training.compose import Composition, compose, counted
from core.services.training.platform_fit import platform_dangers, platform_notes
from core.services.training.set_files import provenance_of, publish_set, temporary_folder_beside, write_files
from core.services.training.set_notes import counts_of, notes_of, refuse_too_long
from core.services.training.training_options import TrainingOptions


@dataclass(frozen=True, slots=True)
class WrittenSet:
    """The files of a training set in a folder of their own, read back and compared; neither published nor logged.

    Attributes:
        folder: where they are.
        result: of the export.
        parameters: every choice, the whole prompt with them: its file may be gone when the set is built again.
        provenance: of each distinct row.
    """

    folder: Path
    result: ExportResult
    parameters: dict[str, Any]
    provenance: list[dict[str, Any]]

    def enter(self, session: Session, *, name: str, who: str) -> None:
        """Log the set as a version; call in the transaction in which it is published."""
        log_training_set(
            session,
            self.result,
            name=name,
            who=who,
            data_format=self.parameters["format"],
            parameters=self.parameters,
            provenance=self.provenance,
        )


@permitted(Permission.TRAINING)
def export_training(
    store: Store, *, options: TrainingOptions, out: Path, name: str = "", who: str = ""
) -> ExportResult:
    """Build a training set in the folder ``out``; files of an earlier set there are replaced.

    Chats without an answer are no rows; their number is in the result.

    Args:
        store: the open store.
        options: every choice.
        out: the folder.
        name: of the set; by default the folder's.
        who: builds it.

    Returns:
        The result; its lists ``skipped``, ``cleaned``, ``summarised`` and ``windowed`` name rows that were over the
        limit.

    Raises:
        ExportError: choices that make no sense, datasets with different forms, no row at all, rows over the limit
            that the policy does not help (all are named, with what would be lost), or a file that reads back
            differently.
        NotFoundError: no such dataset.
        PromptError: no such prompt.
    """
    with written_set(store, options, out) as written, store.write() as writing:
        written.enter(writing, name=name or out.name, who=who)
        publish_set(written.folder, out)
    return written.result


@permitted(Permission.TRAINING)
@contextmanager
def written_set(
    store: Store,
    options: TrainingOptions,
    out: Path,
    seen: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Iterator[WrittenSet]:
    """Context manager: the files of a set in a temporary folder beside ``out``, for whoever publishes and logs them.

    No connection is held meanwhile. See :func:`export_training` for what is raised.

    Args:
        store: the open store.
        options: every choice.
        out: where they are to be published.
        seen: told what is being done, and how many of how many chats it has been done for.
    """
    options.check()
    with temporary_folder_beside(out) as folder, store.read() as session, pending_file(folder / "rows") as spool:
        chats = sum(queries.dataset(session, dataset).chats for dataset in options.datasets)
        composition = compose(session, options, counted(spool.write_bytes, seen, chats))
        remember_seen(session, composition.chats_of_records)
        prompt = composition.prompt
        spool.finish()
        refuse_too_long(composition, options)
        seen("排好训练行", 0, 0)
        arrangement = arrange(composition, options)
        resolved = replace(options, datasets=tuple(dataset.name for dataset in composition.datasets), prompt=prompt.id)
        parameters = {
            **resolved.as_json(),
            "prompt_sha256": prompt.sha256,
            "form": composition.form.reference,
            "form_version": composition.form.version,
        }
        seen("写出并读回核对", 0, 0)
        counts = counts_of(composition, arrangement)
        result = write_files(folder, spool, arrangement, options.format, parameters, counts, out, composition.form)
        notes = (
            *notes_of(composition, arrangement, options),
            *platform_dangers(arrangement, options),
            *platform_notes(arrangement, options),
        )
        result = replace(result, lists=_overlong_lists(composition), notes=notes)
        session.close()  # the log is written on another connection, and none may be held meanwhile
        yield WrittenSet(folder, result, {**parameters, "prompt_text": prompt.source}, provenance_of(arrangement))


def _overlong_lists(composition: Composition) -> dict[str, list[Any]]:
    """Action → the rows that it was done to, for the result's lists; and the chats without a summary."""
    lists: dict[str, list[Any]] = {}
    for row in composition.overlong:
        size = row.after or row.size
        entry = {
            "dataset": row.dataset,
            "index": row.index,
            "characters": size.characters,
            "tokens": size.tokens,
            "would_lose": list(row.lost),
            **({"windows": row.pieces} if row.action == "windowed" else {}),
        }
        lists.setdefault(row.action, []).append(entry)
    lists |= {f"unpaired_{reason}": places for reason, places in composition.tally.unpaired.items()}
    if composition.no_summary:
        lists["no_summary"] = composition.no_summary
    return lists

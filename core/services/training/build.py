"""Builds a training set: selects answers, makes rows, orders them, writes and verifies the files, logs the version."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.adapters.store import Store
from core.domain.permissions import Permission
from core.services.export.atomic_file import pending_file
from core.services.export.export_log import log_training_set
from core.services.export.export_result import ExportResult
from core.services.team import permitted, remember_seen
from core.services.training.arrange import arrange
from core.services.training.compose import Composition, compose
from core.services.training.platform_fit import platform_dangers, platform_notes
from core.services.training.set_files import provenance_of, publish_set, temporary_folder_beside, write_files
from core.services.training.set_notes import counts_of, notes_of, refuse_too_long
from core.services.training.training_options import TrainingOptions


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
    options.check()
    with temporary_folder_beside(out) as folder, store.read() as session, pending_file(folder / "rows") as spool:
        composition = compose(session, options, spool.write_bytes)
        remember_seen(session, composition.chats_of_records)
        prompt = composition.prompt
        spool.finish()
        refuse_too_long(composition, options)
        arrangement = arrange(composition, options)
        resolved = replace(options, datasets=tuple(dataset.name for dataset in composition.datasets), prompt=prompt.id)
        parameters = {
            **resolved.as_json(),
            "prompt_sha256": prompt.sha256,
            "form": composition.form.reference,
            "form_version": composition.form.version,
        }
        result = write_files(
            folder, spool, arrangement, options.format, parameters, counts_of(composition, arrangement), out
        )
        notes = (
            *notes_of(composition, arrangement, options),
            *platform_dangers(arrangement, options),
            *platform_notes(arrangement, options),
        )
        result = replace(result, lists=_overlong_lists(composition), notes=notes)
        session.close()  # the log is written on another connection, and none may be held meanwhile
        with store.write() as writing:
            log_training_set(
                writing,
                result,
                name=name or out.name,
                who=who,
                data_format=str(options.format),
                # The whole prompt: its file may be gone when the set is built again.
                parameters={**parameters, "prompt_text": prompt.source},
                provenance=provenance_of(arrangement),
            )
            publish_set(folder, out)
    return result


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
    if composition.no_summary:
        lists["no_summary"] = composition.no_summary
    return lists

"""Pushing an export that Hugging Face reads to a repository on its Hub: asked first, private unless said, audited."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from core.adapters import hugging_face
from core.adapters.hugging_face import HubPush
from core.adapters.store import Store
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.atomic_file import file_digest, mismatch_error
from core.services.export.dataset_card import CARD
from core.services.export.export_result import ExportResult
from core.services.team import AuditKind, permitted, record_audit


@permitted(Permission.EXPORT)
def push_export(
    store: Store,
    repository: str,
    make: Callable[[Path], ExportResult],
    *,
    public: bool = False,
    stale: Iterable[str] = (),
) -> tuple[ExportResult, HubPush]:
    """Make an export in a temporary folder and push its files; both are in the audit log.

    The entry that a push begins is written before anything is sent, so that the log names what may have left also where
    the push breaks off.

    Args:
        store: the open store.
        repository: ``OWNER/NAME`` on the Hub.
        make: writes the export to the folder that it is given.
        public: whether everybody may see the repository.
        stale: paths that an earlier push may have left there and that are to go.

    Raises:
        ExportError: from ``make``, or the Hub refuses or cannot be reached.
        SettingsError: there is no token, or nothing may be sent to the Hub.
    """
    url = hugging_face.check_push(repository)
    with tempfile.TemporaryDirectory(prefix="shiyao-push-") as temporary:
        folder = Path(temporary) / "push"
        result = make(folder)
        if CARD not in result.files:
            raise ExportError("这个格式的行是列表，Hugging Face 读不成表格，没有推送", "请换一个格式")
        for name, digest in result.files.items():
            if file_digest(folder / name)[0] != digest:
                raise mismatch_error(name)
        _record(store, url, f"开始推送{_in_words(result, public=public)}")
        pushed = hugging_face.push(
            folder,
            result.files,
            repository,
            message=f"Shiyao: {result.kind}, {result.counts['rows']:,} rows, sha256 {result.sha256[:12]}",
            public=public,
            stale=stale,
        )
        _record(
            store,
            url,
            f"推送完成，提交 {pushed.commit[:12]}"
            + ("" if pushed.changed else "，内容与那边相同，没有新的提交")
            + ("，私有" if pushed.private else "，公开"),
        )
    return result, pushed


def _record(store: Store, url: str, detail: str) -> None:
    with store.write() as session:
        record_audit(session, AuditKind.EXPORT, url, detail)


def _in_words(result: ExportResult, *, public: bool) -> str:
    masked = f"，已遮盖 {'、'.join(result.masked)}" if result.masked else "，没有遮盖"
    return (
        f"{'（公开）' if public else '（私有）'}：{result.kind}，{result.counts['rows']:,} 行，"
        f"sha256 {result.sha256[:12]}{masked}"
    )

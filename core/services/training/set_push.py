"""Pushing a built training set to a repository on the Hugging Face Hub, the same bytes as the first time."""

from core.adapters.hugging_face import HubPush
from core.adapters.store import Store
from core.domain.permissions import Permission
from core.services.export.export_result import ExportResult
from core.services.export.hub_push import push_export
from core.services.team import permitted
from core.services.training.set_files import FILE_NAMES
from core.services.training.set_versions import rebuild


@permitted(Permission.TRAINING)
def push_set(store: Store, number: int, repository: str, *, public: bool = False) -> tuple[ExportResult, HubPush]:
    """Build a set again and push its files; files of another set that lie there and that it lacks are taken away.

    Args:
        store: the open store.
        number: of the set.
        repository: ``OWNER/NAME`` on the Hub.
        public: whether everybody may see the repository.

    Raises:
        NotFoundError: there is none of this number.
        ExportError: a source has changed, Hugging Face does not read its format, or the Hub refuses.
        SettingsError: there is no token, or nothing may be sent to the Hub.
    """
    return push_export(
        store, repository, lambda folder: rebuild(store, number, folder), public=public, stale=FILE_NAMES
    )

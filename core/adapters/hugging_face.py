"""Pushes files to a repository on a Hugging Face Hub, with ``huggingface_hub`` (extra ``hub``).

The rules for destinations are those of models: the token goes to the Hub alone, over connections to the very addresses
that were checked. Large files go where the Hub says (``PUT`` to a storage, without the token). The library's second way
of uploading, Xet, opens connections of its own that nobody checks, and is switched off.
"""

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from core.adapters.llm.destinations import Destination, authorise, authorise_service
from core.adapters.llm.origins import parse_origin
from core.errors import ExportError, SettingsError, ShiyaoError
from core.secrets import secret

USUAL_HUB: Final = "https://huggingface.co"
TOKEN: Final = "HF_TOKEN"
ADDRESS: Final = "HF_ENDPOINT"
SECONDS: Final = 60.0
"""How long one answer of the Hub may take."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_LICENCE_LINE = re.compile(r"^license:.*\n", re.MULTILINE)
_LICENCE_KEYS = ("license", "license_name", "license_link")
_NOTHING = ("", "~", "null", "Null", "NULL")
"""Values that YAML reads as none."""
_ASK_OWNER = "# license: 由数据的所有者填写；没有填写之前请不要公开\n"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class HubPush:
    """What came of a push.

    Attributes:
        url: of the repository.
        commit: its newest commit, that of the push unless nothing had changed.
        changed: whether there was anything to send.
        private: whether only its owners see it.
    """

    url: str
    commit: str
    changed: bool
    private: bool


def hub_address() -> str:
    """Where the Hub is: ``HF_ENDPOINT``, else Hugging Face's own."""
    return (os.environ.get(ADDRESS, "").strip() or USUAL_HUB).rstrip("/")


def check_push(repository: str) -> str:
    """Check that a push can be begun at all; opens no socket. Returns the address of the repository.

    Args:
        repository: ``OWNER/NAME``.

    Raises:
        ExportError: it is no name of a repository.
        SettingsError: there is no token, nothing may be sent to the Hub, or the library is not installed.
    """
    unusable = repository.endswith((".git", ".ipynb")) or "--" in repository or ".." in repository
    if unusable or not _REPOSITORY.fullmatch(repository):
        raise ExportError(
            f"「{repository[:120]}」不是 Hugging Face 的仓库名", "应形如 OWNER/NAME，只有英文字母、数字、- _ 和 ."
        )
    if not secret(TOKEN).get_secret_value():
        raise SettingsError(
            f"没有设置 {TOKEN}，不能推送",
            f"请把有写权限的令牌写进环境变量 {TOKEN}、{TOKEN}_FILE 指的文件或密钥文件",
        )
    _destination()
    try:
        import huggingface_hub  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise SettingsError("没有安装推送要用的 huggingface_hub", "请安装 shiyao[hub]") from error
    return f"{hub_address()}/datasets/{repository}"


def push(
    folder: Path,
    files: Iterable[str],
    repository: str,
    *,
    message: str,
    public: bool = False,
    stale: Iterable[str] = (),
) -> HubPush:
    """Send files to a data set's repository in one commit; what is there already is not sent again.

    A push that broke off is made whole by pushing again: large files that have arrived are kept by the Hub, and the
    commit is the last step, so that nobody sees a half of it.

    Args:
        folder: where the files lie.
        files: paths in it, which are also those in the repository.
        repository: ``OWNER/NAME``; made where there is none.
        message: of the commit.
        public: whether everybody may see it. Without it, a repository that everybody sees is refused.
        stale: paths in the repository that are to go, where they are there.

    Raises:
        ExportError: the Hub refuses or cannot be reached; one sentence that says why.
        SettingsError: see :func:`check_push`.
    """
    url = check_push(repository)
    with _lock, _checked_client() as api:
        try:
            return _push(api, folder, list(files), repository, url, message, public=public, stale=set(stale))
        except Exception as error:
            raise _sentence(error, repository) from error


def _push(
    api: Any, folder: Path, files: list[str], repository: str, url: str, message: str, *, public: bool, stale: set[str]
) -> HubPush:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import RepositoryNotFoundError

    kind = "dataset"
    try:
        before = api.repo_info(repository, repo_type=kind)
    except RepositoryNotFoundError:
        api.create_repo(repository, repo_type=kind, private=not public, exist_ok=True)
        before = api.repo_info(repository, repo_type=kind)
    if not public and not before.private:
        raise ExportError(
            f"仓库 {repository} 是公开的，谁都看得到，没有推送", "请把它改成私有，或确认可以公开后加上 --public"
        )
    there = {one.rfilename for one in before.siblings or ()}
    operations: list[Any] = []
    for name in files:
        content: Any = str(folder / name)
        if name == "README.md":
            card = (folder / name).read_text(encoding="utf-8")
            content = with_licence(card, _licence(api, repository) if name in there else {}).encode()
        operations.append(CommitOperationAdd(path_in_repo=name, path_or_fileobj=content))
    operations += [CommitOperationDelete(path_in_repo=name) for name in sorted(stale & there - set(files))]
    additions = [one for one in operations if isinstance(one, CommitOperationAdd)]
    api.preupload_lfs_files(repository, additions, repo_type=kind, num_threads=1, free_memory=False)
    if ignored := [one.path_in_repo for one in additions if one._should_ignore]:
        # The library would leave them out without a word, and make a commit of the rest, or of nothing.
        raise ExportError(
            f"没有推送到 {repository}：那边的 .gitignore 不收 {'、'.join(ignored)}",
            "请改掉那边的 .gitignore 后再推送一次",
        )
    commit = api.create_commit(
        repository, operations, commit_message=message, repo_type=kind, parent_commit=before.sha, num_threads=1
    )
    return HubPush(url, commit.oid, commit.oid != before.sha, bool(before.private))


def with_licence(card: str, licence: Mapping[str, Any]) -> str:
    """A card with the licence that its owner has chosen on the Hub, or without the key where nobody has.

    Args:
        card: with an empty ``license`` in its head.
        licence: keys of the head of the card on the Hub that are about the licence.
    """
    chosen = {key: licence[key] for key in _LICENCE_KEYS if licence.get(key)}
    written = yaml.safe_dump(chosen, allow_unicode=True, sort_keys=False) if chosen else _ASK_OWNER
    return _LICENCE_LINE.sub(lambda _: written, card, count=1)


def _licence(api: Any, repository: str) -> Mapping[str, Any]:
    """What the card on the Hub says about the licence."""
    from huggingface_hub import get_session, hf_raise_for_status

    answer = get_session().get(
        f"{api.endpoint}/datasets/{repository}/raw/main/README.md",
        headers=api._build_hf_headers(),
    )
    hf_raise_for_status(answer)
    front = _FRONT.match(answer.text)
    try:
        # Texts only: a date that is none, say, is for the owner to mend and must not stop the push.
        head = yaml.load(front[1], Loader=yaml.BaseLoader) if front else {}
    except (yaml.YAMLError, RecursionError):
        return {}
    return {key: value for key, value in head.items() if value not in _NOTHING} if isinstance(head, dict) else {}


def _destination() -> Destination:
    address = hub_address()
    return authorise_service(address, TOKEN, usual=USUAL_HUB, environment=os.environ.get(ADDRESS, "").strip())


@contextmanager
def _checked_client() -> Iterator[Any]:
    """The library's client, whose every connection is checked; the library is as before afterwards."""
    import httpx2  # takes long to import
    from huggingface_hub import HfApi, constants, set_client_factory
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils._http import default_client_factory, hf_request_event_hook
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    from core.adapters.llm.http_transport import PinnedTransport
    from core.adapters.llm.openai_compat import verifying_tls

    hub, token = _destination(), secret(TOKEN).get_secret_value()

    class CheckedTransport(httpx2.BaseTransport):
        """The Hub with the token; any other address without, and only to put a file there."""

        def __init__(self) -> None:
            self._hub = PinnedTransport(hub, token, verifying_tls(hub), sdk_headers=True)
            self._storages: dict[Any, PinnedTransport] = {}

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            origin = parse_origin(str(request.url))
            if origin == hub.origin:
                return self._hub.handle_request(request)
            if request.method != "PUT":
                raise SettingsError(f"没有发送：Hub 让程序去 {origin.host}，令牌和数据不发往那里", "请核对 HF_ENDPOINT")
            if origin not in self._storages:
                storage = authorise(str(request.url), "")
                self._storages[origin] = PinnedTransport(storage, None, verifying_tls(storage), sdk_headers=True)
            return self._storages[origin].handle_request(request)

        def close(self) -> None:
            for transport in (self._hub, *self._storages.values()):
                transport.close()

    def client() -> httpx2.Client:
        return httpx2.Client(
            transport=CheckedTransport(),
            event_hooks={"request": [hf_request_event_hook]},
            follow_redirects=True,
            trust_env=False,
            timeout=SECONDS,
        )

    kept = {name: getattr(constants, name) for name in ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY")}
    showed_bars, level = not are_progress_bars_disabled(), hub_logging.get_verbosity()
    set_client_factory(client)
    disable_progress_bars()
    hub_logging.set_verbosity(logging.ERROR)
    try:
        for name in kept:
            setattr(constants, name, True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield HfApi(endpoint=hub_address(), token=token, library_name="shiyao")
    finally:
        for name, value in kept.items():
            setattr(constants, name, value)
        set_client_factory(default_client_factory)
        hub_logging.set_verbosity(level)
        if showed_bars:
            enable_progress_bars()


_REFUSALS: Final = {
    401: ("Hub 不认这个令牌", f"请核对 {TOKEN}，它要有写权限，并且没有过期"),
    403: ("这个令牌没有写权限", f"请换一个能写这个仓库的 {TOKEN}，或换一个所有者"),
    404: ("Hub 上没有这个仓库或所有者，或令牌看不到它", "请核对 OWNER/NAME"),
    409: ("Hub 上有人同时在改这个仓库", "请过一会儿再推送一次"),
    412: ("推送时有人先改了这个仓库，没有盖掉", "请看过那边的改动后再推送一次"),
    413: ("Hub 说文件太大", "请分成几个数据集，或联系 Hub 的管理员"),
    429: ("Hub 说请求太多", "请过一会儿再推送一次，到了的文件不会重传"),
}


def _sentence(error: BaseException, repository: str) -> ShiyaoError:
    """The first cause that says something, as a sentence for people."""
    import httpx2

    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for one in causes:
        if isinstance(one, ShiyaoError):
            return one
    for one in causes:
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            what, todo = _REFUSALS.get(status, (f"Hub 回答 {status}", "请过一会儿再推送一次，到了的文件不会重传"))
            return ExportError(f"没有推送到 {repository}：{what}", todo)
        if type(one).__name__ == "OfflineModeIsEnabled":
            return ExportError(f"没有推送到 {repository}：环境变量 HF_HUB_OFFLINE 关了联网", "请去掉它再推送")
        if isinstance(one, httpx2.TransportError):
            what = "没有按时回答" if isinstance(one, httpx2.TimeoutException) else "连不上或断开了"
            return ExportError(
                f"没有推送到 {repository}：Hub {what}", "请检查网络和 HF_ENDPOINT 后再推送一次，到了的文件不会重传"
            )
    return ExportError(
        f"没有推送到 {repository}：Hub 的回答看不懂（{type(error).__name__}）", "请再试一次；再次出现请把日志交给工程师"
    )

"""The prompt library: published files, and versions stored in the database; a version never changes once published."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm.registry import is_remote
from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import PromptDraft, Run, RunKind
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.domain.prompts import (
    PROMPTS_DIR,
    Prompt,
    Stage,
    asks_the_same,
    list_prompts,
    name_in,
    parse_prompt,
    prompt_folder,
)
from core.errors import ConflictError, PromptError
from core.new_files import write_new_file
from core.services.team import permitted
from core.system_errors import system_reason

_HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """One prompt version of the library.

    Attributes:
        prompt: the prompt.
        draft_id: of its row; ``None`` for a published file.
        runs: names of the runs that used exactly this text.
        created_by: who made it; ``""`` for a file.
        created_at: when; ``None`` for a file.
        problem: why its text cannot be used, ``""`` where it can: what an older program stored may be refused now.
    """

    prompt: Prompt
    draft_id: int | None = None
    runs: tuple[str, ...] = ()
    created_by: str = ""
    created_at: datetime | None = None
    problem: str = ""

    @property
    def fixed(self) -> bool:
        """Whether the text can no longer change: published, or used by a run."""
        return self.draft_id is None or bool(self.runs)


def list_entries(session: Session, folder: Path = PROMPTS_DIR) -> list[PromptEntry]:
    """List all prompts by name, newest version first; files that cannot be used are left out (see unusable_files)."""
    return _entries(list_prompts(folder), session.execute(select(PromptDraft)).scalars(), _used(session))


def _entries(
    prompts: Iterable[Prompt], rows: Iterable[PromptDraft], used: Mapping[str, tuple[str, ...]]
) -> list[PromptEntry]:
    by_id = {prompt.id: PromptEntry(prompt, None, used.get(prompt.sha256, ())) for prompt in prompts}
    for row in rows:
        prompt, problem = _stored(row)
        file = by_id.get(prompt.id)
        # Once it has been published, the file stands for it. A file of a newer program that has the number of a version
        # of somebody's own does not: what that version says stays.
        if file is None or not problem and file.prompt.sha256 != prompt.sha256:
            runs = used.get(prompt.sha256, ())
            by_id[prompt.id] = PromptEntry(prompt, row.id, runs, row.created_by, row.created_at, problem)
    return sorted(by_id.values(), key=lambda entry: (entry.prompt.name, -entry.prompt.version))


def unusable_files(folder: Path = PROMPTS_DIR) -> list[str]:
    """Why files of the folder are left out, one sentence each."""
    return [str(error) for error in prompt_folder(folder).unusable.values()]


def finder(session: Session, folder: Path = PROMPTS_DIR, *, form: Form | None = None) -> Callable[[str], Prompt]:
    """Return a function that looks up a prompt by name (newest version) or by name and version.

    Args:
        session: open session.
        folder: where the published files are.
        form: what is asked for. Of published versions that ask for it in the very same words, a name means the
            earliest: a version that is newer for other forms only asks nothing anew, and runs know theirs again.
    """

    def find(reference: str) -> Prompt:
        # Of this name alone: reading all prompts, and all runs for those that used them, takes a quarter of a second.
        name = name_in(reference)
        rows = session.execute(select(PromptDraft).where(col(PromptDraft.name) == name)).scalars()
        entries = _entries(prompt_folder(folder, name).prompts, rows, {})
        for entry in entries:
            if reference in (entry.prompt.name, entry.prompt.id):
                if entry.problem:
                    raise PromptError(entry.problem, "请在提示词页另存一个改好的版本")
                if form is None or reference == entry.prompt.id:
                    return entry.prompt
                return earliest_alike(entry, entries, form)
        if refusal := prompt_folder(folder).refusal_of(reference):
            raise refusal
        known = "、".join(entry.prompt.id for entry in list_entries(session, folder))
        raise PromptError(f"没有名为「{reference}」的提示词", f"现有：{known or '无'}")

    return find


def earliest_alike(newest: PromptEntry, entries: Sequence[PromptEntry], form: Form) -> Prompt:
    """Of published versions that ask for a form in the very same words, the earliest.

    Args:
        newest: the version to begin with.
        entries: as :func:`list_entries` gives them.
        form: what is asked for.
    """
    earliest = newest.prompt
    older = [one for one in entries if one.prompt.name == earliest.name and one.prompt.version < earliest.version]
    for before in older if newest.draft_id is None else ():
        if before.draft_id is not None or not asks_the_same(before.prompt, earliest, form):
            break
        earliest = before.prompt
    return earliest


def run_prompt(session: Session, run: RunView) -> Prompt | None:
    """The prompt version that a run was made with, as the run keeps it; ``None`` where the run sent none.

    Rules that compute on this machine, and files that were imported, read no prompt.

    Raises:
        PromptError: the run keeps no text of it, and the library has it no more.
    """
    if run.kind != RunKind.MODEL or not run.prompt_name or not is_remote(run.provider):
        return None
    reference = f"{run.prompt_name}.v{run.prompt_version}" if run.prompt_version else run.prompt_name
    if run.prompt_text:
        return parse_prompt(run.prompt_text, f"{reference}.md")
    form = load_named_form(queries.dataset(session, run.dataset_id).form)
    return finder(session, form=form)(reference)


def next_version(session: Session, name: str, folder: Path = PROMPTS_DIR) -> int:
    """The first unused version number of a prompt, over files and database."""
    versions = [entry.prompt.version for entry in list_entries(session, folder) if entry.prompt.name == name]
    return 1 + max([*versions, prompt_folder(folder).newest_version(name)])


def with_front_matter(source: str, **changes: object) -> str:
    """Replace values in a prompt's front matter; the rest stays unchanged.

    Raises:
        PromptError: it has no front matter.
    """
    match = _HEAD.match(source)
    if match is None:
        raise PromptError("提示词没有文件头", "开头应有两行 --- 之间的 name、version、title、purpose、stage")
    lines = []
    for line in match[1].splitlines():
        key = line.partition(":")[0].strip()
        lines.append(f"{key}: {changes[key]}" if key in changes else line)
    return "---\n" + "\n".join(lines) + "\n---\n" + source[match.end() :]


@permitted(Permission.PROMPTS)
def save(
    store: Store,
    source: str,
    *,
    who: str,
    draft_id: int | None = None,
    seen: str = "",
    folder: Path = PROMPTS_DIR,
) -> PromptEntry:
    """Store a prompt in the database: a new version, or a new text for a version that no run has used.

    Args:
        store: open store.
        source: the whole text, front matter included; that says name and version.
        who: whose it is.
        draft_id: the version to change; ``None`` for a new one.
        seen: SHA-256 of the text that the change was made over; ``""``: whatever it is now.
        folder: where the published files are.

    Raises:
        PromptError: the text cannot be used; name and version are taken; a run has used the version to be changed.
        ConflictError: somebody has changed the version since it was on screen.
    """
    source = source.replace("\r\n", "\n")
    name, version = _name_and_version(source)
    prompt = parse_prompt(source, f"{name}.v{version}.md")
    with store.write() as session:
        entries = list_entries(session, folder)
        before = next((entry for entry in entries if entry.draft_id == draft_id), None) if draft_id else None
        if draft_id is not None:
            _refuse_fixed(before)
            _refuse_unseen(before, seen)
        taken = next((entry for entry in entries if entry.prompt.id == prompt.id), None)
        if taken is not None and (draft_id is None or taken.draft_id != draft_id):
            raise PromptError(f"已经有 {prompt.id} 了", "已有的版本不能改，请把 version 加一")
        if draft_id is None:
            row = PromptDraft(created_by=who, **_columns(prompt))
            session.add(row)
        else:
            row = session.get_one(PromptDraft, draft_id)
            for column, value in _columns(prompt).items():
                setattr(row, column, value)
        session.flush()
        return PromptEntry(prompt, row.id, (), row.created_by, row.created_at)


@permitted(Permission.PROMPTS)
def remove(store: Store, draft_id: int, *, seen: str = "") -> None:
    """Delete a version that no run has used.

    Args:
        store: open store.
        draft_id: the version.
        seen: SHA-256 of the text that was on screen; ``""``: whatever it is now.

    Raises:
        PromptError: there is none, or a run has used it.
        ConflictError: somebody has changed it since.
    """
    with store.write() as session:
        entry = next((entry for entry in list_entries(session) if entry.draft_id == draft_id), None)
        _refuse_fixed(entry)
        _refuse_unseen(entry, seen)
        session.delete(session.get_one(PromptDraft, draft_id))


@permitted(Permission.PROMPTS)
def publish(store: Store, draft_id: int, folder: Path = PROMPTS_DIR, *, seen: str = "") -> Path:
    """Write a database version as a file; from then on it is published and never changes.

    Args:
        store: open store.
        draft_id: the version.
        folder: where the published files are.
        seen: SHA-256 of the text that was on screen; ``""``: whatever it is now.

    Raises:
        PromptError: there is none, or the file is there already or cannot be written.
        ConflictError: somebody has changed it since.
    """
    with store.read() as session:
        row = session.get(PromptDraft, draft_id)
        if row is None:
            raise PromptError("这个提示词版本已不存在", "请刷新页面")
        # Its name becomes a file's: only one that passed the check does.
        prompt = parse_prompt(row.source, f"{row.name}.v{row.version}.md")
        _refuse_unseen(PromptEntry(prompt, row.id, (), row.created_by, row.created_at), seen)
        path, source = folder / f"{row.name}.v{row.version}.md", row.source
    try:
        write_new_file(path, source)
    except FileExistsError as error:
        raise PromptError(f"文件 {path.name} 已经存在", "已发布的版本不能改，请另存为新版本") from error
    except OSError as error:
        raise PromptError(
            f"写不了文件 {path.name}（{system_reason(error)}）", "请检查 prompts 目录的权限和磁盘空间"
        ) from error
    prompt_folder.cache_clear()
    return path


def _refuse_unseen(entry: PromptEntry | None, seen: str) -> None:
    if entry is not None and seen and entry.prompt.sha256 != seen:
        raise ConflictError(f"{entry.prompt.id} 刚刚有人改过，没有动它", "请先看新的文字，再决定怎么改")


def _name_and_version(source: str) -> tuple[str, str]:
    """What the front matter gives as name and version, read line by line: the file's name is made of them.

    Raises:
        PromptError: one of them is missing.
    """
    values: dict[str, str] = {}
    for line in source.splitlines()[1:]:
        if line.strip() == "---":
            break
        key, _, value = line.partition(":")
        values.setdefault(key, value.strip())
    if not values.get("name") or not values.get("version"):
        raise PromptError("提示词的文件头里没有 name 和 version", "请照已有的提示词写文件头")
    version = values["version"]
    return values["name"][:100], version if version.isascii() and version.isdigit() and len(version) < 10 else "1"


def _stored(row: PromptDraft) -> tuple[Prompt, str]:
    """A stored version, and why it cannot be used: one bad text must not close the page or other prompts' runs."""
    try:
        return parse_prompt(row.source, f"{row.name}.v{row.version}.md"), ""
    except PromptError as error:
        title = f"{row.name}（不能用）"
        unusable = Prompt(
            row.name, row.version, title, error.message, Stage.EXTRACT, row.source, row.source, row.sha256
        )
        return unusable, error.message


def _columns(prompt: Prompt) -> dict[str, Any]:
    return {"name": prompt.name, "version": prompt.version, "source": prompt.source, "sha256": prompt.sha256}


def _refuse_fixed(entry: PromptEntry | None) -> None:
    if entry is None:
        raise PromptError("这个提示词版本已不存在", "请刷新页面")
    if entry.runs:
        raise PromptError(f"{entry.prompt.id} 已经用在抽取任务「{entry.runs[0]}」里，不能再改", "请另存为新版本")


def _used(session: Session) -> dict[str, tuple[str, ...]]:
    """``{sha256 of a prompt: names of the runs that used it}``."""
    run_names: dict[str, list[str]] = {}
    statement = select(col(Run.name), col(Run.prompt_sha256), col(Run.parameters)).where(col(Run.kind) == RunKind.MODEL)
    for name, main, parameters in session.execute(statement):
        stages = ((parameters or {}).get("pipeline") or {}).get("stages", ())
        for sha256 in dict.fromkeys([main, *(stage["sha256"] for stage in stages)]):
            run_names.setdefault(sha256, []).append(name)
    return {sha256: tuple(names) for sha256, names in run_names.items()}

"""A service that writes or calls a model asks who may, by ``@permitted`` or ``require(…)``, or stands here.

Pages and commands write by services alone.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.domain.permissions import LEAST_ROLE, AccountRole, Permission
from tests.repository.syntax import tree_of

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "core" / "services"

WITHOUT = {
    "learning/run_confidence.py:fit_run_confidence": "derived data, kept up to date in the background",
    "review/passing.py:_carry_out": "a lead was allowed to make the rule",
    "review/passing_audits.py:_stop": "the audit stops a rule by itself; whoever stops it by hand is asked",
    "datasets/reading_limits.py:limit_process": "a process that reads a file limits itself",
    "export/atomic_file.py:pending_file": "the exports that write by it ask",
    "export/atomic_file.py:publish": "the exports that write by it ask",
    "team/seen.py:_write": "what somebody was shown is written down whatever they may",
    "privacy/people.py:_finished": "rename_person and delete_person ask",
    "training/set_files.py:publish_set": "export_training and rebuild ask",
    "training/set_files.py:temporary_folder_beside": "export_training and rebuild ask",
    "export/export_log.py:publish_export": "the exports that call it ask",
    "export/hub_push.py:_record": "push_export asks",
    "extraction/runs/batch_driver.py:_fetch": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_driver.py:_stop_run": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_round.py:_finish": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_store.py:_settle": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_store.py:add_batch": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_store.py:give_up": "executes a run that somebody was allowed to start",
    "extraction/runs/batch_store.py:move_batch": "executes a run that somebody was allowed to start",
    "extraction/runs/joined_runs.py:_pause": "upkeep of a run that somebody was allowed to start",
    "extraction/models/entries.py:_means_the_environment": "looks whether a key is there",
    "extraction/runs/lifecycle.py:_require_ready": "looks whether a key is there",
    "extraction/runs/run_model.py:connect_with": "only prepares calls; who makes them asks",
    "extraction/runs/reply_reuse.py:reusable_replies": "counts what would cost nothing, asks no model",
    "extraction/runs/executor.py:_ask": "executes a run that somebody was allowed to start",
    "extraction/runs/demand.py:refresh": "upkeep of a run that somebody was allowed to start",
    "extraction/runs/executor.py:_release": "executes a run that somebody was allowed to start",
    "extraction/runs/result_store.py:_store_results": "executes a run that somebody was allowed to start",
    "extraction/runs/lane_engine.py:_begin": "executes a run that somebody was allowed to start",
    "extraction/runs/lane_engine.py:_give_back_strays": "executes a run that somebody was allowed to start",
    "extraction/runs/lanes.py:update": "executes a run that somebody was allowed to start",
    "extraction/runs/lanes.py:leave": "executes a run that somebody was allowed to start",
    "extraction/runs/shared_lanes.py:update": "executes a run that somebody was allowed to start",
    "extraction/runs/shared_lanes.py:keep": "executes a run that somebody was allowed to start",
    "extraction/runs/shared_lanes.py:leave": "executes a run that somebody was allowed to start",
    "extraction/runs/call_rate.py:reserve_call_slot": "executes a run that somebody was allowed to start",
    "extraction/runs/lifecycle.py:_stop": "pause and cancel ask",
    "jobs/asking.py:request_job": "what a page shows anyway, computed elsewhere; nothing of anybody's is changed",
    "jobs/asking.py:restart_job": "what a page shows anyway, computed elsewhere; nothing of anybody's is changed",
    "jobs/asking.py:cancel_job": "spares the processor; nothing of anybody's is changed, and it can be asked for again",
    "jobs/claims.py:end": "computes what a page asked for",
    "jobs/claims.py:_change": "computes what a page asked for",
    "learning/background.py:claim_job": "trains on what somebody was allowed to approve, by itself",
    "learning/background.py:run_job": "trains on what somebody was allowed to approve, by itself",
    "learning/background.py:_beat": "trains on what somebody was allowed to approve, by itself",
    "review/queue/background_update.py:update_batch": "computes the order of the queue anew, by itself",
    "review/queue/claims.py:carry_out": "a claim spares double work; what protects work is the version",
    "review/queue/search.py:index_after": "fills the index of the search, by itself",
    "review/records/planted_errors.py:plant_errors": "carries on what a lead has set, as chats and answers come",
    "review/records/saving.py:apply": "apply_saves asks",
    "training/prompt_search.py:__post_init__": "prepares what search_prompt asks for",
    "training/set_jobs.py:_file": "written_set and rebuilt_set ask, for who asked for the job",
    "training/set_jobs.py:make": "written_set and rebuilt_set ask, for who asked for the job",
    "training/set_files.py:_write_json": "export_training and rebuild ask",
    "training/set_files.py:_write_text": "export_training and rebuild ask",
    "webhooks/delivery.py:_claim": "sends what somebody was allowed to have told",
    "webhooks/delivery.py:_note": "sends what somebody was allowed to have told",
    "team/access_tokens.py:token_holder": "how a program gets a role at all; remembers when it was last used",
    "team/accounts.py:_changing": "the services that change accounts ask",
    "team/signing_in.py:sign_in": "how one gets a role at all",
    "team/signing_in.py:sign_in_by_identity": "how one gets a role at all",
    "team/signing_in.py:person_of": "remembers when somebody last moved",
    "team/signing_in.py:sign_out": "ends one's own sign-in",
}
"""Functions that write and ask nobody, each with its reason."""

PUBLISHING = {"pending_file", "publish_set"}
"""Calls that put a file where somebody asked for it."""

CONNECTING = {"connect", "connect_with"}
"""Calls after which a model can be asked, which costs money and sends texts away."""


FILES = {"unlink", "rmtree", "rename", "write_text", "write_bytes", "rmdir"}
"""Calls that change a file, whatever they are called on."""

DATABASE = {"backup", "purge_deleted", "begin", "raw_connection"}
"""Calls on a store, or on its engine, that change something: ``write()`` of a file has an argument."""


@cache
def writing_functions(folder: Path = SERVICES) -> list[tuple[str, bool]]:
    """Functions that open a writing session, copy the database or change a file, and whether they ask."""
    writing = []
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inside = list(ast.walk(node))
                if any(map(_writes, inside)):
                    place = f"{path.relative_to(folder).as_posix()}:{node.name}"
                    writing.append((place, any(map(_asks, [*node.decorator_list, *inside]))))
    return writing


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if not isinstance(node.func, ast.Attribute):
        return isinstance(node.func, ast.Name) and node.func.id in PUBLISHING | CONNECTING
    name = node.func.attr
    if name == "write":
        return not node.args and not node.keywords
    receiver = ast.unparse(node.func.value) if name in DATABASE | {"replace"} else ""
    return name in FILES or receiver == "os" or (name in DATABASE and receiver.endswith(("store", "engine")))


def _asks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("permitted", "require")


def test_whatever_writes_or_calls_models_asks_for_a_permission() -> None:
    silent = {place for place, asks in writing_functions() if not asks} - set(WITHOUT)
    assert silent == set(), (
        "put @permitted(Permission.…) of core.services.team before these (core/domain/permissions.py has the table), "
        "or name them in WITHOUT with the reason"
    )


def test_no_exception_is_left_over() -> None:
    assert set(WITHOUT) - {place for place, asks in writing_functions() if not asks} == set()


AT_THE_EDGE = {
    "cli/waiting.py:open_unlocked": "waits until a locked database can be written, and writes nothing",
    "ui/extraction/model_table.py:key_state": "looks whether a key is there",
    "ui/workbench/contract_js.py:main": "makes a file of the program itself",
}
"""Functions of pages and commands that look like services, each with its reason."""


def test_pages_and_commands_write_by_services_alone() -> None:
    core = ROOT / "core"
    edges = [f"{edge}/{place}" for edge in ("ui", "cli") for place, _ in writing_functions(core / edge)]
    edges += [place for place, _ in writing_functions(ROOT / "pages")]
    assert set(edges) == set(AT_THE_EDGE)


DRAWN_FOR_WHO_MAY = {
    "core/ui/server.py": "what the server does every day, no button",
    "core/ui/data/import_outcome.py": "counts what an import would do, for the button of import_target.py",
    "core/ui/data/import_sources.py": "its button is that of import_target.py",
    "core/ui/export/export_plans.py": "its button is that of finished_exports.py",
    "core/ui/settings/personal_data.py": "pages/settings/settings.py draws it for who may",
}
"""Modules that call a service for some roles alone and have no button for it, each with its reason."""


def called_services(path: Path) -> Iterator[Permission]:
    """Permissions of the services that a module names: imported, or by an imported module."""
    tree = tree_of(path)
    imported: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.services"):
            for alias in node.names:
                imported[alias.asname or alias.name] = _imported(node.module or "", alias.name)
    for node in ast.walk(tree):
        service: object = None
        if isinstance(node, ast.Name):
            service = imported.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module_named = imported.get(node.value.id)
            service = getattr(module_named, node.attr, None) if inspect.ismodule(module_named) else None
        if inspect.isfunction(service) and "permission" in service.__dict__:
            yield service.__dict__["permission"]


def _imported(module: str, name: str) -> object:
    """What ``from module import name`` gives."""
    loaded = importlib.import_module(module)
    return getattr(loaded, name) if hasattr(loaded, name) else importlib.import_module(f"{module}.{name}")


def test_a_page_asks_for_what_its_services_ask_for_before_it_offers_them() -> None:
    unasked = set()
    for path in [*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        source = path.read_text("utf-8")
        for permission in called_services(path):
            if LEAST_ROLE[permission] is not AccountRole.REVIEWER and f"Permission.{permission.name}" not in source:
                unasked.add(path.relative_to(ROOT).as_posix())
    assert unasked == set(DRAWN_FOR_WHO_MAY), (
        "give the button **only_for(Permission.…) of core.ui.only_for, draw it only where state.may(…), "
        "or name the module in DRAWN_FOR_WHO_MAY with the reason"
    )

"""Set-up that runs once per server, before the first request."""

import asyncio
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from streamlit import config, delta_generator, runtime
from streamlit import logger as streamlit_logger
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from core import logs, metrics, private_files
from core.errors import ShiyaoError
from core.places import var_folder
from core.secrets import secrets_file
from core.settings import settings
from core.ui import completion, downloads, monitoring, server_guard
from core.ui.sign_in import ways

GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""Python looks for garbage so rarely that it takes no part of opening a huge chat: a third, with its own thresholds."""
_log = logging.getLogger("shiyao.server")
FIRST_RETENTION_SECONDS = 300.0
"""Seconds from the server's start to the first look for what is too old: the first visitors come before."""
RETENTION_SECONDS = 24 * 3600.0
KEPT_SECONDS = 1200
"""Seconds for which a page is kept under which the sign-in has ended: the longest wait for another try is shorter."""
GARBAGE_SECONDS, GARBAGE_SHARE = 1.0, 0.02
"""Garbage is looked for at most once a second, and for at most this share of the time: what was scored of 100,000 chats
is looked through for a second, during which no page answers."""
_WORTH_A_LOOK = 10_000
"""Objects that have come up since: of an idle server there is nothing to look for."""
OPEN_SECONDS = 20.0
"""Seconds from the server's start after which it opens its database where nobody has come."""
FIRST_PAGE = (
    *("core.ui.page", "core.services.review.overview"),
    *("core.ui.home.dataset_status", "core.ui.home.first_minute", "core.ui.home.lead_panel"),
    *("streamlit.material_icon_names", "core.domain.scoring.bootstrap", "numpy.ma", "numpy.random"),
)
"""What the page imports that nearly everybody comes to first, and most others too."""
STOP_SECONDS = 20.0
"""Seconds for which a server that is stopped waits for model calls under way: they are paid for."""


def prepare() -> None:
    """Make files private, set up log, allowed hosts and sign-in, and switch Streamlit's own reading of ``pages/`` off.

    Streamlit takes a folder ``pages`` beside the script for its older page system until ``st.navigation`` has run
    once; the first visitor of a fresh server who came by a link to a page would be told that there is no such page.
    """
    private_files.keep_new_files_private()
    private_files.close_folder(var_folder())
    logs.set_up()
    if logs.is_standard_error():
        take_over_streamlits_log()
    hosts = startable_hosts()
    config.set_option("server.allowedHosts", [host.strip("[]") for host in hosts])
    PagesManager.uses_pages_directory = False
    if ways.OIDC in ways.sign_in_ways():
        # Streamlit reads [auth] from the file that all other keys are in.
        config.set_option("secrets.files", [str(secrets_file())])
    completion.expect(import_first_page)
    completion.expect(_watch_actors)
    downloads.say_why_in_chinese()
    # Once per server Streamlit looks through all modules for who has called it, to warn of scripts run without it.
    vars(delta_generator)["_use_warning_has_been_displayed"] = True
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    config.set_option("runner.postScriptGC", False)  # after every run of every page: collect_garbage does it


def take_over_streamlits_log() -> None:
    """Let the lines of Streamlit go the way of ours: one shape in one stream, without secrets.

    Streamlit gives each of its loggers a handler of its own on standard error, also those that come later. What its web
    server says of each request stays switched off: addresses hold what people look for.
    """

    def hand_on(logger: logging.Logger) -> None:
        if own := getattr(logger, "streamlit_console_handler", None):
            logger.removeHandler(own)
        logger.propagate = not logger.name.startswith("uvicorn")

    streamlit_logger.setup_formatter = hand_on
    streamlit_logger.update_formatter()


def take_over_web_servers_log() -> None:
    """The same for warnings of the web server, once it has set up its own handlers."""
    for name in ("uvicorn", "uvicorn.error"):
        one = logging.getLogger(name)
        one.handlers.clear()
        one.setLevel(logging.WARNING)
        one.propagate = True


def startable_hosts() -> list[str]:
    """Names under which the server answers; the process ends with a sentence where it may not start."""
    try:
        hosts = server_guard.allowed_hosts()
        monitoring.check_token()
        ways.check_start(config.get_option("server.address"))
    except ShiyaoError as error:
        sys.exit(str(error))
    return hosts


async def delete_daily(
    *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep, work: Callable[[], None] | None = None
) -> None:
    """Delete what datasets no longer keep, some minutes after the start and then every day, whatever failed before.

    Args:
        sleep: waits for so many seconds.
        work: what is done every day; :func:`delete_too_old` unless given.
    """
    await sleep(FIRST_RETENTION_SECONDS)
    while True:
        try:
            await asyncio.to_thread(work or delete_too_old)
        except ShiyaoError as error:
            _log.warning("retention: %s", error)
        except Exception as error:  # tomorrow is another day: the server must not stop deleting
            _log.warning("retention: %s", type(error).__name__)
        await sleep(RETENTION_SECONDS)


def delete_too_old() -> None:
    """Delete what is older than the datasets' rules allow, in the database of the settings."""
    from core.adapters.store import open_store
    from core.services import privacy
    from core.services.team import SERVER, acting_as

    store = open_store(settings().database_url)
    try:
        with acting_as(SERVER):
            privacy.apply_retention(store)
    finally:
        store.close()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Context manager around the server's lifetime: it learns, deletes what is too old, and stores its last calls."""
    if logs.is_standard_error():
        take_over_web_servers_log()
    if ways.is_required():
        _keep_pages_for_the_next_sign_in()
    await asyncio.to_thread(metrics.keep_figures_of_ended_processes)
    freeze_program()
    starting = asyncio.create_task(asyncio.to_thread(start_own_work))
    own_work = (delete_daily(), collect_garbage(), open_database())
    tasks = [asyncio.create_task(one) for one in own_work]
    yield
    for task in tasks:
        task.cancel()
    stops = await starting
    from core.services.extraction.runs import stop_running

    for stop in stops:
        await asyncio.to_thread(stop)
    await asyncio.to_thread(stop_running, patience=STOP_SECONDS)


def start_own_work() -> list[Callable[[], object]]:
    """Complete the program, then start what it does by itself: learning from approvals, computing, sending.

    Returns:
        How each is stopped.
    """
    stops = []
    try:
        completion.complete()
        stops += [start() for start in (_watch_approvals, _send_webhooks, _run_jobs)]
    except Exception:  # pages are drawn all the same, or say what is wrong
        _log.exception("what the server does by itself was not started")
    freeze_program()
    return stops


async def open_database(*, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
    """Open the database some seconds after the start, also where nobody comes: messages and jobs may wait in it.

    Args:
        sleep: waits for so many seconds.
    """
    await sleep(OPEN_SECONDS)
    from core.adapters.store import has_database
    from core.ui import state

    try:
        if state.opened_store() is None and has_database(settings().database_url):
            await asyncio.to_thread(state.store)
    except ShiyaoError as error:
        _log.warning("database: %s", error)


def freeze_program() -> None:
    """Exempt what the program itself consists of from garbage collection, without a look: next to none is garbage."""
    gc.freeze()


def import_first_page() -> None:
    """Import what the first page needs, and with it what all of them do; make ready what is made when first used."""
    for name in FIRST_PAGE:
        import_module(name)
    from core.adapters.store import prepare_tables

    prepare_tables()


async def collect_garbage(
    *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep, collect: Callable[[], object] = gc.collect
) -> None:
    """Look for garbage while the server runs, the more seldom the longer it takes.

    Args:
        sleep: waits for so many seconds.
        collect: looks for it.
    """
    seconds = 0.0
    while True:
        await sleep(max(GARBAGE_SECONDS, seconds / GARBAGE_SHARE))
        young, looks, long_looks = gc.get_count()
        if young + GARBAGE_THRESHOLDS[0] * (looks + GARBAGE_THRESHOLDS[1] * long_looks) < _WORTH_A_LOOK:
            continue
        began = time.perf_counter()
        await asyncio.to_thread(collect)
        seconds = time.perf_counter() - began


def _watch_actors() -> None:
    """Let services learn who acts on a page, and for whom it is drawn."""
    from core.ui.sign_in import person

    person.watch_actors()


def _keep_pages_for_the_next_sign_in() -> None:
    """Keep what stands on a page whose connection has ended for as long as somebody may have to wait for a sign-in.

    Streamlit has no option for its two minutes. No more pages are kept than otherwise.
    """
    sessions = runtime.get_instance()._session_mgr if runtime.exists() else None
    if isinstance(sessions, WebsocketSessionManager):
        sessions._session_storage = MemorySessionStorage(ttl_seconds=KEPT_SECONDS)


def _run_jobs() -> Callable[[], object]:
    """Start to have heavy computations done that pages ask for."""
    from core.services.jobs import JobRunner
    from core.ui import state

    runner = JobRunner(state.opened_store)
    runner.start()
    return runner.stop


def _send_webhooks() -> Callable[[], object]:
    """Start to tell other programs of decided records."""
    from core.services.webhooks import WebhookSender
    from core.ui import state

    sender = WebhookSender(state.opened_store)
    sender.start()
    return sender.stop


def _watch_approvals() -> Callable[[], object]:
    """Start learning from approvals in the background, unless it is switched off."""
    if not settings().learn_in_background:
        return lambda: None
    from core.services.learning.background import LearningWatch
    from core.ui import state

    watch = LearningWatch(state.opened_store)
    watch.start()
    return watch.stop

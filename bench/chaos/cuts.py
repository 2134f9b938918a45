"""The network between browsers and the app, and between the app and PostgreSQL, is cut, refused and slow."""

import time
from collections.abc import Callable

from bench.chaos.ground import Ground, ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.proxy import Proxy, proxied
from bench.chaos.reviewers import working
from bench.chaos.run_watch import CountingService, RunWatch
from bench.chaos.tally import Tally
from tests import postgres as pg

REVIEWERS = 4
FAULTS = 12
_RUN_CHATS = 60


def run_browsers(options: Options) -> Tally:
    """Reviewers reach the app through a proxy that fails."""
    tally, oracle = Tally(), Oracle()
    with ground(60) as place, proxied(place.server.port) as proxy:
        _work(place, proxy, proxy.port, oracle, tally, options, "browsers")
        place.finish(tally, oracle)
    return tally


def run_postgresql(options: Options) -> Tally:
    """The app reaches PostgreSQL through a proxy that fails, under reviewers and a run."""
    tally, oracle = Tally(), Oracle()
    if reason := pg.why_not():
        tally.count("not_done", reason)
        return tally
    with pg.running() as server, CountingService() as service:
        url = server.database()
        port = port_of(url)
        with (
            proxied(port) as proxy,
            ground(
                60, url=url, app_url=url.replace(f":{port}/", f":{proxy.port}/"), env=service.environment()
            ) as place,
        ):
            watch = RunWatch(place, service, _RUN_CHATS)
            watch.wake(tally)
            _work(place, proxy, place.server.port, oracle, tally, options, "postgresql")
            watch.wake(tally)
            watch.count(tally)
            place.finish(tally, oracle)
    return tally


def port_of(url: str) -> int:
    """The port in a database's address."""
    return int(url.rpartition(":")[2].partition("/")[0])


def _work(place: Ground, proxy: Proxy, port: int, oracle: Oracle, tally: Tally, options: Options, part: str) -> None:
    """Twelve faults, each after some seconds of ordinary work."""
    chance = options.random(part)
    ways: tuple[tuple[str, Callable[[], None]], ...] = (
        ("cut", proxy.cut),
        ("away", lambda: proxy.away(chance.uniform(0.5, 5.0))),
        ("slow", lambda: proxy.slow(0.1, 3.0)),
    )
    done: list[str] = []
    with working(REVIEWERS, port, place.dataset_id, oracle, tally, options):
        for number in range(FAULTS):
            earlier, until = oracle.stored, time.monotonic() + 30
            while oracle.stored == earlier and time.monotonic() < until:
                time.sleep(0.02)
            if number == 0:
                place.measure(tally, oracle)
            time.sleep(chance.uniform(0.3, 2.0))
            # A cut is what happens most: every second one.
            name, happen = ways[0] if number % 2 == 0 else ways[1 + number // 2 % 2]
            happen()
            done.append(name)
        earlier, until = oracle.stored, time.monotonic() + 30
        while oracle.stored == earlier and time.monotonic() < until:
            time.sleep(0.02)
    if oracle.stored == earlier:
        tally.count("crashed", "nobody could save after the last fault")
    if not proxy.broken:
        tally.count("not_done", "no connection was open when it was to be cut")
    tally.figures["faults"] = f"{', '.join(done)}; {proxy.broken} connections cut"

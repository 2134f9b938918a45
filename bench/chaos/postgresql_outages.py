"""PostgreSQL: tables locked by another program, the database read-only, the server restarted."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from bench.chaos.ground import ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.outages import RUN_CHATS, Outage, go_through
from bench.chaos.run_watch import CountingService, RunWatch
from bench.chaos.tally import Tally
from core.adapters.store.models import Record
from tests import postgres as pg


def run(options: Options) -> Tally:
    """Locked for 8 s, stopped as by a power cut for 3 s, read-only for 6 s, restarted in an instant."""
    tally, oracle = Tally(), Oracle()
    if reason := pg.why_not():
        tally.count("not_done", reason)
        return tally
    with pg.running() as server, CountingService() as service:
        url = server.database()
        with ground(60, url=url, env=service.environment()) as place:
            watch = RunWatch(place, service, RUN_CHATS)
            outages = [
                Outage("locked", partial(_locked, url), 8.0),
                Outage("stopped", partial(_stopped, server), 3.0),
                Outage("read-only", partial(_read_only, server, url.rpartition("/")[2]), 6.0),
                Outage("restarted", partial(_stopped, server), 0.0, stops_saves=False),
            ]
            go_through(place, outages, watch, oracle, tally, options)
    return tally


@contextmanager
def _locked(url: str) -> Iterator[None]:
    with psycopg.connect(url) as connection:
        connection.execute(f'LOCK TABLE "{Record.__tablename__}" IN ACCESS EXCLUSIVE MODE')
        yield
        connection.rollback()


@contextmanager
def _stopped(server: pg.Postgres) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def _read_only(server: pg.Postgres, name: str) -> Iterator[None]:
    _set_read_only(server, name, "on")
    yield
    _set_read_only(server, name, "off")


def _set_read_only(server: pg.Postgres, name: str, state: str) -> None:
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        statement = f'ALTER DATABASE "{name}" SET default_transaction_read_only = {state}'
        connection.execute(statement)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

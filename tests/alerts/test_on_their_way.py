"""Who sets telling in motion: the ticker and the queue while the engine lives, the web server when
it is dead.
"""

from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations import tasks
from editorapp.generations.coordination import heartbeat
from editorapp.generations.worker.ticker import Ticker
from editorapp.ops import engine_watchdog
from tests.queued import waiting


def test_the_ticker_wakes_the_queue_once_it_is_due_and_the_queue_tells(transactional_db, hook):
    alerts.open(
        AlertKind.LOST,
        "generation:1",
        message="Look.",
        team_id=None,
        now=timezone.now() - alerts.GATHER / 2,
    )
    ticker = Ticker()
    ticker.ticks = 1
    ticker.tick(timezone.now())
    assert ("tell", ()) not in waiting()

    Alert.objects.update(tell_at=timezone.now())
    ticker.tick(timezone.now())
    ticker.tick(timezone.now())
    assert waiting().count(("tell", ())) == 1
    tasks.tell()

    assert [said["alerts"][0]["subject"] for said in hook.said] == ["generation:1"]


def test_a_dead_engine_is_told_by_who_watches_it_and_nobody_else(transactional_db, hook):
    now = timezone.now()
    for part in ("ticker", "cluster"):
        heartbeat.beat(part, now=now - timedelta(minutes=3))

    engine_watchdog.look(now)
    engine_watchdog.look(now + timedelta(seconds=engine_watchdog.EVERY_SECONDS))

    assert [said["alerts"][0]["kind"] for said in hook.said] == ["engine"]
    assert waiting() == []


def test_while_the_engine_lives_telling_is_left_to_it(transactional_db, hook):
    now = timezone.now()
    for part in ("ticker", "cluster"):
        heartbeat.beat(part, now=now)
    alerts.open(
        AlertKind.LOST, "generation:1", message="Look.", team_id=None, now=now - alerts.GATHER
    )

    engine_watchdog.look(now)

    assert hook.posts == []


def test_a_database_that_is_away_does_not_end_the_watch(db, monkeypatch, caplog):
    def away(now):
        raise DatabaseError("server closed the connection")

    monkeypatch.setattr(heartbeat, "signs", away)

    engine_watchdog.look(timezone.now())

    assert "cannot see" in caplog.text

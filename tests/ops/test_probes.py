"""What machines ask: does it live, can it work, how is it going. Cheap, however much there is."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from editorapp.alerts import alerts
from editorapp.alerts.models import AlertKind
from editorapp.generations.checks import alert_checks, gauges
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.ops import metrics, readiness
from editorapp.providers.models import ProviderAccount
from tests.environment import ROOT
from tests.factories import default_account, make_generation, make_member, make_reserved

NOW = timezone.now()


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch) -> None:
    monkeypatch.setattr(readiness, "_written", {})
    monkeypatch.setattr(readiness, "_migrated", set())


@pytest.fixture
def alive(db) -> None:
    for part in ("ticker", "cluster"):
        heartbeat.beat(part, now=timezone.now())


def measured() -> dict[tuple[str, ...], float]:
    """All samples, by name and the values of their labels in the order of those' names."""
    text = metrics.exposition(timezone.now()).decode()
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    return {
        (one.name, *(one.labels[label] for label in sorted(one.labels))): one.value
        for one in samples
    }


def many(member, count: int, state: str) -> None:
    """Make that many attempts in a state, quickly: all of one generation."""
    one, at = make_generation(member, state=state), timezone.now()
    Attempt.objects.bulk_create(
        Attempt(
            generation=one,
            number=number + 2,
            account=one.account,
            person=member.user,
            state=state,
            created_at=at,
            next_action_at=at,
        )
        for number in range(count)
    )


def test_health_needs_no_database_and_no_known_host_name(client: Client, django_assert_num_queries):
    # no fixture for the database: a query would fail this test
    response = client.get("/healthz", headers={"host": "10.42.0.7:8000"})

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_a_process_that_can_work_is_ready(client: Client, alive):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {
            "ready": True,
            "checks": {"database": "ok", "migrations": "ok", "engine": "ok", "media": "ok"},
        },
    )


def test_what_is_not_there_is_said(client: Client, alive, monkeypatch, settings, tmp_path):
    heartbeat.beat("cluster", now=timezone.now() - timedelta(seconds=75))
    monkeypatch.setattr(readiness.MigrationExecutor, "migration_plan", lambda *_: ["one", "two"])
    blocked = tmp_path / "media"
    blocked.write_text("a file where the folder should be")
    settings.MEDIA_ROOT = blocked

    response = client.get("/readyz")

    said = response.json()["checks"]
    assert response.status_code == 503 and said["database"] == "ok"
    assert "migrate" in said["migrations"] and "the queue for 75 s" in said["engine"]
    assert "cannot be written" in said["media"]


def test_a_database_that_is_away_is_said_and_not_waited_for_twice(client: Client, monkeypatch):
    class Away:
        settings_dict = {"NAME": "away"}
        vendor = "away"

        def cursor(self):
            raise OperationalError("connection refused, password p4ssword")

    monkeypatch.setattr(readiness, "connection", Away())

    response = client.get("/readyz")

    said = response.json()["checks"]
    assert response.status_code == 503
    assert said["database"] == "The database does not answer (OperationalError)."
    assert said["engine"].startswith("Not known") and said["media"] == "ok"
    assert "p4ssword" not in response.content.decode()


def test_a_balancer_may_leave_the_engine_out(client: Client, db):
    assert client.get("/readyz").status_code == 503
    assert client.get("/readyz?exclude=engine").status_code == 200


def test_a_second_look_writes_nothing_and_asks_only_twice(
    client: Client, alive, django_assert_num_queries
):
    client.get("/readyz")

    with django_assert_num_queries(2):
        client.get("/readyz")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_only_reads(client: Client, path, db):
    assert client.post(path).status_code == 405


def test_metrics_are_for_this_machine_unless_a_token_is_set(client: Client, db, settings):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.5").status_code == 403
    assert client.get("/metrics", headers={"host": "127.0.0.1:8000"}).status_code == 200
    # A page in a browser here, whose host's name was made to lead to this machine.
    assert client.get("/metrics", headers={"host": "rebound.example:8000"}).status_code == 403
    # A proxy on this machine makes everybody look local.
    assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.5"}).status_code == 403

    settings.METRICS_TOKEN = "scrape-token-1"
    assert client.get("/metrics").status_code == 401
    assert (
        client.get("/metrics", headers={"authorization": "Bearer scrape-token-2"}).status_code
        == 401
    )
    good = client.get(
        "/metrics", REMOTE_ADDR="10.0.0.5", headers={"authorization": "Bearer scrape-token-1"}
    )
    assert good.status_code == 200 and good["Content-Type"].startswith("text/plain")


def test_metrics_say_what_the_rows_say(alive, monkeypatch):
    member, account = make_member(name="Bartholomew"), default_account("luma-agents")
    for state in (State.RUNNING, State.RUNNING, State.UNKNOWN, State.SUCCEEDED):
        make_generation(member, state=state, account=account)
    make_reserved(member, state=State.QUEUED, account=account)
    now = timezone.now()
    Attempt.objects.filter(state=State.RUNNING).update(
        submit_started_at=now - timedelta(seconds=300),
        next_action_at=now - timedelta(seconds=7),
        error_count=3,
    )
    alerts.open(
        AlertKind.UNKNOWN_OUTCOME, "generation:1", message="Look.", team_id=member.team_id, now=now
    )
    alert_checks.check_books(now)

    found = measured()

    names = (str(account.pk), "luma-agents", "yes")
    assert found["rushes_attempts", *names, "running"] == 2
    assert found["rushes_attempts", *names, "unknown"] == 1
    assert found["rushes_attempts", *names, "fetching"] == 0
    assert found["rushes_oldest_seconds", *names, "running"] == pytest.approx(300, abs=5)
    assert found["rushes_attempts_failing", *names, "running"] == 2
    assert found["rushes_sent_last_hour", *names, "running"] == 2
    assert found["rushes_due_lag_seconds",] == pytest.approx(7, abs=5)
    assert (
        found["rushes_alerts_open", "unknown_outcome"] == 1
        and found["rushes_alerts_open", "lost"] == 0
    )
    assert Decimal(str(found["rushes_month_held_usd", f"{now:%Y-%m}", "yes"])) == Decimal("1.08")
    assert found["rushes_ledger_differences",] > 0  # what this test made has no lines
    assert found["rushes_heartbeat_age_seconds", "ticker"] < 60
    text = metrics.exposition(now).decode().lower()
    assert not re.search("bartholomew|rainy neon|team \\d", text)


def test_an_account_that_an_admin_paused_counts_as_paused(alive):
    account = default_account("luma-agents")
    name = ("rushes_account_paused", str(account.pk), "luma-agents", "yes")
    before = measured()[name]

    ProviderAccount.objects.filter(pk=account.pk).update(paused_at=NOW)

    assert (before, measured()[name]) == (0, 1)


def test_the_number_of_queries_is_the_same_for_ten_thousand_in_flight(alive):
    member = make_member()
    counts = []
    for more in (1, 10_000):
        many(member, more, State.RUNNING)
        many(member, more // 10, State.SUCCEEDED)
        with CaptureQueriesContext(connection) as asked:
            metrics.exposition(timezone.now())
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 10


def plan_of(sql: str) -> str:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[-1] for row in cursor.fetchall())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is always read whole
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_nothing_looks_at_what_is_finished(alive):
    """Each query on attempts is served by an index, or a million finished ones would be read at
    each scrape.
    """
    make_generation(make_member(), state=State.RUNNING)
    with CaptureQueriesContext(connection) as asked:
        gauges.accounts(NOW)

    on_attempts = [query["sql"] for query in asked if "generations_attempt" in query["sql"]]
    assert len(on_attempts) == 2
    for sql in on_attempts:
        plan = plan_of(sql)
        assert re.search("attempt_due|attempt_rate|attempt_watched", plan), f"{sql}\n{plan}"
        assert not re.search("SCAN generations_attempt|Seq Scan on generations_attempt", plan), plan


def test_a_queue_that_cannot_be_reached_takes_no_other_figure_away(alive, monkeypatch):
    monkeypatch.setattr(gauges, "get_broker", lambda: 1 / 0)

    found = measured()

    assert found["rushes_queue_reachable",] == 0
    assert ("rushes_queue_tasks",) not in found and ("rushes_due_lag_seconds",) in found


def test_the_document_lists_every_metric_and_every_kind_of_alert(alive):
    make_reserved(make_member())
    alert_checks.check_books(timezone.now())
    document = (ROOT / "docs" / "watching.md").read_text()

    listed = set(re.findall(r"^\| `(rushes_\w+)` \|", document, re.M))
    assert listed == {sample[0] for sample in measured()}
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", document, re.M)) - listed == set(
        AlertKind.values
    )

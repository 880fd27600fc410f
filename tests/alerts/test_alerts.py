"""An alert is open once, whoever raises it and however often; its end is told to those who were
told of it.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.core.logs import secrets
from tests.factories import make_member

NOW = timezone.now()


def opened(subject: str = "generation:12", message: str = "Look at take 12.", **more) -> Alert:
    alerts.open(
        AlertKind.LOST,
        subject,
        message=message,
        team_id=more.pop("team_id", None),
        now=more.pop("now", NOW),
        **more,
    )
    return Alert.objects.get(subject=subject, closed_at=None)


def test_what_is_opened_twice_is_one_alert_with_the_newer_message(db):
    first = opened()

    again = opened(message="It is still lost.", now=NOW + timedelta(minutes=1))

    assert again.pk == first.pk
    assert (again.message, again.opened_at) == ("It is still lost.", NOW)
    assert Alert.objects.count() == 1


def test_raising_it_again_unchanged_costs_one_query_and_writes_nothing(
    db, django_assert_num_queries
):
    opened()

    with django_assert_num_queries(1) as asked:
        alerts.open(
            AlertKind.LOST, "generation:12", message="Look at take 12.", team_id=None, now=NOW
        )

    assert asked.captured_queries[0]["sql"].startswith("SELECT")


def test_what_is_said_while_its_alert_is_being_closed_opens_another(db):
    opened()
    closed: list[str] = []

    def close_first(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and not closed:
            closed.append(sql)
            alerts.close(AlertKind.LOST, "generation:12", now=NOW)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(close_first):
        again = opened(message="It is lost once more.")

    assert closed and again.message == "It is lost once more."
    assert Alert.objects.count() == 2


def test_closing_what_nobody_opened_costs_one_query_and_changes_nothing(
    db, django_assert_num_queries
):
    opened("generation:13")

    with django_assert_num_queries(1):
        alerts.close(AlertKind.LOST, "generation:12", now=NOW)

    assert Alert.objects.get().closed_at is None


def test_after_its_end_the_same_thing_can_go_wrong_again(db):
    first = opened()
    alerts.close(AlertKind.LOST, "generation:12", now=NOW + timedelta(minutes=1))

    second = opened(now=NOW + timedelta(minutes=2))

    assert second.pk != first.pk
    assert Alert.objects.count() == 2


def test_an_end_is_told_only_where_the_opening_was(db):
    told, untold = opened("generation:1"), opened("generation:2")
    Alert.objects.filter(pk=told.pk).update(told_at=NOW, told_to=["webhook"], tell_at=None)

    for alert in (told, untold):
        alerts.close(AlertKind.LOST, alert.subject, now=NOW + timedelta(minutes=1))

    told.refresh_from_db()
    untold.refresh_from_db()
    assert told.tell_at is not None and told.closed_at == NOW + timedelta(minutes=1)
    assert untold.tell_at is None


def test_an_alert_that_quotes_a_key_does_not_hold_it(db):
    secrets.hide("key-of-a-provider-7f3a")

    alert = opened(message="The key key-of-a-provider-7f3a is refused.")

    assert "7f3a" not in alert.message and "is refused" in alert.message


def test_what_a_caller_undoes_was_never_raised(transactional_db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        opened()
        raise ZeroDivisionError

    assert not Alert.objects.exists()


def test_many_who_see_the_same_thing_at_once_open_one_alert(transactional_db):
    def raise_it(number: int) -> None:
        try:
            alerts.open(
                AlertKind.LOST,
                "generation:12",
                message=f"Seen by {number}.",
                team_id=None,
                now=timezone.now(),
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(raise_it, range(24)))

    assert Alert.objects.count() == 1


def test_a_person_sees_the_alerts_of_their_team_and_those_of_the_whole_installation(db):
    member, stranger = make_member(), make_member()
    mine = opened("generation:1", team_id=member.team_id)
    opened("generation:2", team_id=stranger.team_id)
    everybodys = opened("account:3")

    assert set(Alert.objects.visible_to(member)) == {mine, everybodys}


def test_what_has_been_over_for_long_is_forgotten_and_what_is_open_is_not(db):
    for subject in ("generation:1", "generation:2"):
        opened(subject, now=NOW - timedelta(days=100))
    alerts.close(AlertKind.LOST, "generation:1", now=NOW - timedelta(days=91))

    alerts.sweep(NOW)

    assert [alert.subject for alert in Alert.objects.all()] == ["generation:2"]

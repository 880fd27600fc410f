"""Money and states say the same at every instant, and `manage.py check_ledger` finds it where they
do not.
"""

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge, NothingHeld
from editorapp.generations.checks import books
from editorapp.generations.engine import dispatcher
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue.cancel import cancel
from editorapp.generations.reconcile import settle
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from tests.environment import ROOT
from tests.factories import make_generation, make_member, make_reserved
from tests.generations.drive import ask, run
from tests.patience import PATIENCE_SECONDS

NOW = timezone.now()


def charged(attempt: Attempt) -> None:
    ledger.charge([Charge(attempt.pk, None, is_estimated=True)], now=NOW)
    Generation.objects.filter(pk=attempt.generation_id).update(
        cost_usd=ledger.spent_usd(attempt.generation_id)
    )


def released(attempt: Attempt) -> None:
    ledger.release(attempt.pk, now=NOW)


def held(attempt: Attempt) -> None:
    pass


RIGHT = {
    State.QUEUED: {held},
    State.STAGING: {held},
    State.SUBMITTING: {held},
    State.RUNNING: {held},
    State.UNKNOWN: {held},
    State.LOST: {held},
    State.FETCHING: {charged},
    State.SUCCEEDED: {charged},
    State.FETCH_FAILED: {charged},
    State.FAILED: {charged, released},
    State.CANCELED: {released},
}


@pytest.mark.django_db
@pytest.mark.parametrize("money", [held, charged, released], ids=lambda one: one.__name__)
@pytest.mark.parametrize("state", list(State))
def test_each_state_says_what_its_money_must_be(state, money):
    attempt = make_reserved(make_member(), state=state).attempts.get()
    money(attempt)

    found = books.differences()

    assert bool(found) == (money not in RIGHT[state])
    assert not found or f"Attempt {attempt.pk} (#{attempt.generation_id}) is {state}" in found[0]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.RUNNING, State.LOST])
def test_a_result_that_is_fetched_anew_was_charged_before(state):
    attempt = make_reserved(make_member(), state=state).attempts.get()
    Attempt.objects.update(provider_done_at=NOW)

    assert books.differences()
    charged(attempt)
    assert books.differences() == []


@pytest.mark.django_db
def test_what_never_reserved_its_copies_and_its_cost_are_found_out():
    never = make_generation(make_member(), state=State.QUEUED)
    stale, dear, gone = (make_reserved(make_member(), state=State.RUNNING) for _ in range(3))
    Generation.objects.filter(pk=stale.pk).update(state=State.QUEUED)
    Generation.objects.filter(pk=dear.pk).update(cost_usd=Decimal("1"))
    Attempt.objects.filter(generation=gone).delete()

    found = "\n".join(books.differences())

    assert f"(#{never.pk}) is queued and should hold its reservation; its lines: none." in found
    assert f"#{stale.pk} shows attempt 1, queued; its newest attempt is 1, running." in found
    assert f"#{dear.pk} shows a cost of $1.00; its lines say $0.00." in found
    assert f"#{gone.pk} shows attempt 1, running; it has no attempt." in found
    assert "$1.08 are held for attempt" in found and "which does not exist" in found


@pytest.mark.django_db
def test_the_command_says_it_as_json_and_fails_with_a_difference(capsys):
    make_generation(make_member(), state=State.QUEUED)

    with pytest.raises(CommandError, match="1 differences"):
        call_command("check_ledger", json=True)

    told = json.loads(capsys.readouterr().out)
    assert told["balances"] is False and told["attempts"] == 1 and len(told["differences"]) == 1


def test_the_check_reads_one_instant_while_others_settle(transactional_db):
    """Without a snapshot, a charge between two sums would look like a difference."""
    attempts = [make_reserved(make_member(), state=State.RUNNING).attempts.get() for _ in range(60)]
    begin, found = threading.Event(), []

    def settle_all() -> None:
        begin.wait(PATIENCE_SECONDS)
        for attempt in attempts:
            with transaction.atomic():
                attempt.move(State.FAILED, now=NOW)
                ledger.release(attempt.pk, now=NOW)
        connection.close()

    writer = threading.Thread(target=settle_all)
    writer.start()
    begin.set()
    looks = 0
    while writer.is_alive() or looks < 2:
        found += books.differences()
        looks += 1
    writer.join()

    assert found == [] and looks >= 2


# manage.py against the database of the tests.
_COMMAND = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "editorapp.settings"
from django.core.management import execute_from_command_line
from django.db import connection
django.setup()
connection.settings_dict["NAME"] = sys.argv[1]
execute_from_command_line(["manage.py", "check_ledger", "--json"])
"""


def test_a_busy_studio_balances_as_the_command_says(quick, clock, monkeypatch):
    monkeypatch.setattr(dispatcher, "POST_SECONDS", 2.0)  # for [[hang]], which never answers
    member = make_member()
    for prompt in (
        "[[fail]]",
        "[[fail:content_moderated]]",
        "[[400]]",
        "[[hang]]x",
        "[[accept_then_reset]]",
        "[[503]]",
    ):
        ask(member, prompt=prompt)
    done, never, again = (ask(member, prompt=f"A harbor {number}") for number in range(3))
    cancel(never, now=clock())
    run(clock)
    retry(Generation.objects.get(pk=never.pk), member=member, now=clock())
    lost = Generation.objects.filter(state=State.UNKNOWN).order_by("pk").first()
    settle.never_arrived(lost, member=member, now=clock(), note="Seen in the console")
    run(clock)

    command = [sys.executable, "-c", _COMMAND, str(connection.settings_dict["NAME"])]
    result = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)

    assert set(Generation.objects.values_list("state", flat=True)) >= {
        State.SUCCEEDED,
        State.FAILED,
        State.UNKNOWN,
    }
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads(result.stdout)
    assert told["balances"] and told["attempts"] == Attempt.objects.count() >= 10
    with pytest.raises(NothingHeld):
        ledger.release(done.attempts.get().pk, now=NOW)
    assert again.attempts.count() == 1

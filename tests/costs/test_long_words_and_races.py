"""Booking is not stopped by long words, and two who book about one take at once take turns."""

from decimal import Decimal
from functools import partial

from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry, MonthBudget
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Generation, Settlement
from editorapp.generations.reconcile import settle
from editorapp.generations.states import State
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved
from tests.racing import race

NOW = timezone.now()
LONG = "Because of what the provider says at length. " * 200
MOST = 300  # what a line of the ledger has room for


def test_a_note_however_long_keeps_no_money_from_being_held_charged_released_or_corrected(
    db,
) -> None:
    member = make_member()
    first, second = make_reserved(member).attempts.get(), make_reserved(member).attempts.get()
    third = make_reserved(member)
    subject = Entry.objects.filter(attempt_id=third.attempts.get().pk).values().get()
    about = {name: subject[name] for name in ledger.Subject.__dataclass_fields__} | {
        "attempt_id": 10**9
    }

    ledger.charge([Charge(first.pk, Decimal("0.50"), is_estimated=False, note=LONG)], now=NOW)
    ledger.release(second.pk, now=NOW, note=LONG)
    ledger.adjust(first.pk, Decimal("0.10"), now=NOW, note=LONG)
    ledger.remark(first.pk, LONG, now=NOW)
    ledger.reserve(ledger.Subject(**about), Decimal("1"), now=NOW, note=LONG)

    notes = [
        note for note in Entry.objects.values_list("note", flat=True) if note.startswith(LONG[:20])
    ]
    assert len(notes) == 5 and {len(note) for note in notes} == {MOST}


def test_whoever_settles_may_say_as_much_as_they_like_and_all_of_it_is_kept(db) -> None:
    generation = make_reserved(make_member(), state=State.UNKNOWN)

    settle.never_arrived(generation, member=generation.team.members.get(), now=NOW, note=LONG)

    assert ledger.held_usd(generation.pk) == 0 and Settlement.objects.get().note == LONG.strip()
    assert len(Entry.objects.get(kind="release").note) == MOST and differences() == []


def test_of_a_charge_and_a_release_at_once_one_is_booked(transactional_db) -> None:
    for _ in range(4):
        attempt = make_reserved(make_member()).attempts.get()
        ended = race(
            [
                partial(ledger.charge, [Charge(attempt.pk, None, is_estimated=True)], now=NOW),
                partial(ledger.release, attempt.pk, now=NOW),
            ]
        )

        assert sorted(type(one).__name__ for one in ended) == ["Entry", "NothingHeld"]
    assert MonthBudget.objects.filter(reserved_usd__gt=0).count() == 0
    assert Entry.objects.filter(kind__in=("charge", "release")).count() == 4


def test_two_admins_who_correct_a_cost_at_once_correct_it_once(transactional_db) -> None:
    for _ in range(4):
        member = make_member(role=Role.ADMIN)
        generation = make_reserved(member, state=State.UNKNOWN)
        settle.count_as_spent(generation, member=member, now=NOW, note="The console charges it.")
        say = {"member": member, "now": NOW, "note": "The invoice."}
        race(
            [
                partial(
                    settle.correct_cost,
                    Generation.objects.get(pk=generation.pk),
                    Decimal("0.54"),
                    **say,
                )
                for _ in range(4)
            ]
        )

        assert ledger.spent_usd(generation.pk) == Decimal("0.54")
    assert differences() == []

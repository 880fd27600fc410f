"""Reservations, charges, releases, corrections, and the sums beside them."""

from tests.sabotage.change import Change

LEDGER = "editorapp/costs/ledger.py"
HERE = "tests/costs/test_long_words_and_races.py"

CHANGES = (
    Change(
        "a long note keeps a charge or a release from being booked",
        LEDGER,
        "amount_usd=amount_usd, is_estimated=is_estimated, note=note[:300],",
        "amount_usd=amount_usd, is_estimated=is_estimated, note=note,",
        (
            f"{HERE}::test_a_note_however_long_keeps_no_money_from_being_held_charged_released_or_corrected",
        ),
    ),
    Change(
        "a long note keeps a price from being reserved",
        LEDGER,
        "kind=Entry.Kind.RESERVE, amount_usd=amount_usd, note=note[:300], **vars(subject)",
        "kind=Entry.Kind.RESERVE, amount_usd=amount_usd, note=note, **vars(subject)",
        (
            f"{HERE}::test_a_note_however_long_keeps_no_money_from_being_held_charged_released_or_corrected",
        ),
    ),
    Change(
        "two settlements of one take at once are both booked",
        LEDGER,
        'held = rows.select_for_update(no_key=True).order_by("pk")',
        'held = rows.order_by("pk")',
        (f"{HERE}::test_of_a_charge_and_a_release_at_once_one_is_booked",),
        on_servers=True,
    ),
    Change(
        "two who correct a cost at once correct it twice",
        "editorapp/generations/reconcile/settle.py",
        "row = Generation.objects.select_for_update(no_key=True).get(pk=generation.pk)",
        "row = Generation.objects.get(pk=generation.pk)",
        (f"{HERE}::test_two_admins_who_correct_a_cost_at_once_correct_it_once",),
        on_servers=True,
    ),
    Change(
        "a cost is corrected while money is held for it",
        "editorapp/generations/reconcile/settle.py",
        "if ledger.held_usd(row.pk):",
        "if False:",
        (
            "tests/generations/test_reconcile_settle.py::test_a_cost_is_not_corrected_while_money_is_held",
        ),
    ),
    Change(
        "a reservation does not look whether there is room",
        "editorapp/costs/month_sums.py",
        "free = MonthBudget.objects.filter(room, pk=budget.pk)",
        "free = MonthBudget.objects.filter(pk=budget.pk)",
        ("tests/costs/test_ledger.py::test_a_reservation_beyond_the_budget_is_refused_whole",),
    ),
    Change(
        "a result that is fetched anew is charged again",
        "editorapp/generations/engine/poll_outcomes.py",
        "        shown = charging.charge(fresh, now=now)\n",
        "        shown = charging.charge(pairs, now=now)\n",
        (
            "tests/generations/test_unknown_outcomes.py"
            "::test_the_answer_of_a_job_that_is_done_charges_once_however_often_it_comes",
        ),
    ),
)

"""Reservations, charges, releases, corrections, and the sums beside them."""

from tests.sabotage.change import Change

LEDGER = "editorapp/costs/ledger.py"
FRUITLESS = "editorapp/costs/fruitless.py"
VAIN = "tests/costs/test_fruitless.py"
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
    Change(
        "an attempt fails while a line is written about it, and neither counts the line",
        FRUITLESS,
        """    with transaction.atomic():
        ledger.lock(attempt_ids)
        new = set""",
        """    with transaction.atomic():
        new = set""",
        (f"{VAIN}::test_an_attempt_that_fails_while_its_cost_is_corrected_is_counted_whole",),
        on_servers=True,
    ),
    Change(
        "what is charged or corrected after an attempt failed is not counted as paid in vain",
        "editorapp/costs/month_sums.py",
        "change.update(_failed([one for one in entries if one.attempt_id in failed]))",
        "change.update(_failed([]))",
        (f"{VAIN}::test_what_is_charged_and_corrected_after_it_failed_was_paid_in_vain",),
    ),
    Change(
        "what brought a result after all stays counted as paid in vain",
        FRUITLESS,
        "month_sums.count_failed(_spent(there), sign=-1)",
        "month_sums.count_failed([], sign=-1)",
        (f"{VAIN}::test_a_result_that_is_fetched_after_all_was_not_paid_in_vain",),
    ),
    Change(
        "an attempt that goes from one end to another is counted twice",
        FRUITLESS,
        "month_sums.count_failed(_spent(new))",
        "month_sums.count_failed(_spent(attempt_ids))",
        (f"{VAIN}::test_an_attempt_that_goes_from_one_end_to_another_is_counted_once",),
    ),
    Change(
        "a state changes and the ledger is not told that the money was spent in vain",
        "editorapp/generations/models/attempt.py",
        "    _count_fruitless(to, [one.attempt for one in steps])\n",
        "",
        (f"{VAIN}::test_a_result_that_is_fetched_after_all_was_not_paid_in_vain",),
    ),
    Change(
        "a reservation that is settled stays counted among those that are held",
        "editorapp/costs/month_sums.py",
        "change.subtract(_added(one for one in entries if one.kind == Entry.Kind.RESERVE))",
        "pass",
        (f"{VAIN}::test_a_canceled_take_releases_and_was_not_paid_in_vain",),
    ),
    Change(
        "the books do not compare what the ledger takes for fruitless with the states",
        "editorapp/generations/checks/books.py",
        "    yield from _fruitless()\n",
        "",
        (f"{VAIN}::test_the_books_name_an_attempt_whose_outcome_the_ledger_has_wrong",),
    ),
)

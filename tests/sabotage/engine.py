"""Claims, posts, polls, outcomes, the search for unknown outcomes."""

from tests.sabotage.change import Change

DECIDE, SEARCH, MATCHING = (
    "editorapp/generations/reconcile/decide.py",
    "editorapp/generations/reconcile/search.py",
    "editorapp/generations/reconcile/matching.py",
)
RETRY = "editorapp/core/retry.py"
_NOT_KNOWN = '    "poll.unknown_job": _lost({}, says="does not know"),\n'
OUTCOMES = "editorapp/generations/engine/poll_outcomes.py"
RELEASING, IN_DOUBT = (
    "tests/generations/test_reconcile_release.py",
    "tests/generations/test_unknown_outcomes.py",
)

CHANGES = (
    Change(
        "the search releases money after one look",
        DECIDE,
        "if not is_long_ago(row, now) or (row.looks < NOT_LISTED.tries and listing.is_whole):",
        "if not is_long_ago(row, now):",
        (f"{RELEASING}::test_after_hours_in_which_rushes_was_off_the_first_look_releases_nothing",),
    ),
    Change(
        "the search releases money before lists have had the time to show a job",
        DECIDE,
        "if not is_long_ago(row, now) or (row.looks < NOT_LISTED.tries and listing.is_whole):",
        "if row.looks < NOT_LISTED.tries and listing.is_whole:",
        (f"{RELEASING}::test_many_looks_within_the_hour_in_which_lists_may_lag_release_nothing",),
    ),
    Change(
        "the search releases money because a list that is not whole does not show it",
        DECIDE,
        "elif spec.lists_all and listing.is_whole and not found.candidates:",
        "elif spec.lists_all and not found.candidates:",
        (f"{RELEASING}::test_a_list_that_is_not_whole_proves_nothing_however_often_it_is_read",),
    ),
    Change(
        "a look at half a list counts as a look",
        DECIDE,
        "row.looks += listing.is_whole",
        "row.looks += 1",
        (f"{RELEASING}::test_a_list_that_is_not_whole_proves_nothing_however_often_it_is_read",),
    ),
    Change(
        "the search releases money at a provider whose list proves nothing",
        DECIDE,
        "elif spec.lists_all and listing.is_whole and not found.candidates:",
        "elif listing.is_whole and not found.candidates:",
        (
            "tests/generations/test_reconcile_search.py"
            "::test_what_never_arrived_is_for_a_person_where_the_list_proves_nothing",
        ),
    ),
    Change(
        "the search releases money although the list shows the same words at another time",
        DECIDE,
        "elif spec.lists_all and listing.is_whole and not found.candidates:",
        "elif spec.lists_all and listing.is_whole and not found.same:",
        (f"{RELEASING}::test_the_list_that_decides_is_read_from_a_day_before_to_a_day_after",),
    ),
    Change(
        "the list that decides about a release is read for the minutes of the post only",
        SEARCH,
        "wide = account.spec.lists_all and any(is_long_ago(row, now) for row in searches)",
        "wide = False",
        (f"{RELEASING}::test_the_list_that_decides_is_read_from_a_day_before_to_a_day_after",),
    ),
    Change(
        "the list that decides about a release is read for a day before, and not for a day after",
        MATCHING,
        "max(until for _since, until in windows) + more",
        "max(until for _since, until in windows)",
        (f"{RELEASING}::test_the_list_that_decides_is_read_from_a_day_before_to_a_day_after",),
    ),
    Change(
        "the search releases money while the same request is being sent once more",
        MATCHING,
        "Q(state__in=(State.SUBMITTING, State.UNKNOWN)) | Q(search__isnull=False),",
        "Q(state=State.UNKNOWN) | Q(search__isnull=False),",
        (f"{RELEASING}::test_nothing_is_released_while_the_same_request_is_being_sent_once_more",),
    ),
    Change(
        "what a restored row may have sent with other ids is released",
        DECIDE,
        "if row.attempt.perhaps_sent_from is not None:",
        "if False:",
        (
            "tests/generations/test_after_restore.py::test_it_is_never_released_because_a_list_does_not_show_it",
        ),
    ),
    Change(
        "an adapter's fault, or no answer in all the time, counts as never sent: the paid call goes out again",
        "editorapp/generations/engine/dispatcher.py",
        "        return OutcomeUnknown(message, code=type(error).__name__)\n",
        "        return Unavailable(message, code=type(error).__name__)\n",
        (
            f"{IN_DOUBT}::test_a_module_that_stumbles_over_the_answer_of_a_paid_call_does_not_say_that_it_never_arrived",
            f"{IN_DOUBT}::test_a_paid_call_without_an_answer_in_all_its_time_does_not_say_that_it_never_arrived",
        ),
    ),
    Change(
        "an error of no known kind to a paid call fails it and gives its money back",
        "editorapp/generations/engine/submit.py",
        "            outcomes.unknown(attempt, error, now=now)",
        "            outcomes.refused(attempt, error, now=now)",
        (
            f"{IN_DOUBT}::test_whatever_is_no_plain_refusal_of_a_paid_call_leaves_it_unknown_with_its_money_held",
        ),
    ),
    Change(
        "a job that is not found twice is lost at once",
        RETRY,
        _NOT_KNOWN.format("lasts_seconds=900.0"),
        _NOT_KNOWN.format("tries=1, lasts_seconds=0.0"),
        (
            f"{IN_DOUBT}::test_a_job_that_is_not_found_for_a_moment_is_followed_on_for_a_quarter_of_an_hour",
        ),
    ),
    Change(
        "a job that was seen in between is lost because it was not found before",
        OUTCOMES,
        "error_count = 0, last_error = '', missing_since = NULL \"",
        "error_count = 0, last_error = '' \"",
        (
            f"{IN_DOUBT}::test_a_job_that_was_seen_in_between_is_not_lost_because_it_was_not_found_before",
        ),
    ),
    Change(
        "a failure after the charge is settled once more, and its row can never be written",
        OUTCOMES,
        "        if not is_settled:\n            _settle_failed(attempt, job, reason, now=now)\n",
        "        _settle_failed(attempt, job, reason, now=now)\n",
        (
            f"{IN_DOUBT}::test_a_job_that_fails_after_it_was_charged_stays_charged_and_gives_nothing_back",
        ),
    ),
    Change(
        "what the provider once finished can be settled as never arrived",
        "editorapp/generations/reconcile/settle.py",
        "    if attempt.provider_done_at is not None:\n"
        '        raise NothingToSettle("The provider finished it once, so it was charged.")\n',
        "",
        (f"{IN_DOUBT}::test_what_the_provider_once_finished_is_not_settled_as_never_arrived",),
    ),
)

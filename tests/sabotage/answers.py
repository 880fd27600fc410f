"""What a provider answers: pauses, prices, texts, states, slots, and what comes compressed."""

from tests.sabotage.change import Change

ENGINE, PROVIDERS, CORE = "editorapp/generations/engine", "editorapp/providers", "editorapp/core"
ODD, READ = "tests/generations/test_unusable_answers.py", "tests/providers/test_unusable_answers.py"
WIRE, CLEAN = "tests/providers/test_session.py", "tests/core/test_sanitizing.py"
STATES, STOP = "tests/providers/test_job_states.py", "tests/generations/test_stop_following.py"

CHANGES = (
    Change(
        "only a 429 says how long a provider asks to be left alone",
        f"{PROVIDERS}/http/error_mapping.py",
        "        error.retry_after_seconds = wait_asked(response.headers)\n",
        "        pass\n",
        (f"{WIRE}::test_every_refusal_says_how_long_it_asks_to_be_left_alone",),
    ),
    Change(
        "a date with an absurd zone stops a poll",
        f"{PROVIDERS}/http/retry_after.py",
        "(TypeError, ValueError, IndexError, OverflowError, OSError)",
        "(TypeError, ValueError)",
        (f"{WIRE}::test_a_wait_that_means_nothing_is_no_accident_and_stays_within_bounds",),
    ),
    Change(
        "a paid call of unknown outcome lets the next one follow at once, whatever pause was asked for",
        f"{ENGINE}/submit.py",
        "        outcomes.rests(attempt.account_id, error, now=now)\n",
        "",
        (f"{ODD}::test_a_paid_call_keeps_its_meaning_and_the_account_rests_as_told",),
    ),
    Change(
        "a poll that is refused with a pause is asked again after two seconds",
        f"{ENGINE}/poll_outcomes.py",
        "least = max(error.retry_after_seconds or 0.0, ",
        "least = max(0.0, ",
        (f"{ODD}::test_a_poll_that_is_refused_with_a_pause_is_not_asked_again_before",),
    ),
    Change(
        "a price beyond all sense is charged",
        f"{CORE}/money.py",
        "if not amount.is_finite() or not ZERO <= amount <= most:",
        "if not amount.is_finite() or amount < ZERO:",
        (
            f"{ODD}::test_a_price_that_makes_no_sense_finishes_the_take_at_its_estimate_and_a_person_sees_it",
        ),
    ),
    Change(
        "nobody is told of a price that makes no sense",
        f"{ENGINE}/charging.py",
        "        alerting.open_for_take(AlertKind.PRICE, ",
        "        (lambda *_, **__: None)(AlertKind.PRICE, ",
        (
            f"{ODD}::test_a_price_that_makes_no_sense_finishes_the_take_at_its_estimate_and_a_person_sees_it",
        ),
    ),
    Change(
        "an answer keeps half characters",
        f"{CORE}/sanitizing.py",
        '_SURROGATES.sub("\\ufffd", text)',
        "text",
        (CLEAN, f"{ODD}::test_every_text_of_an_answer_can_be_written_on_either_database"),
    ),
    Change(
        "an answer that nobody can write down is asked for again for ever",
        f"{ENGINE}/recording.py",
        "            _note_unwritable(row, answer, error, now=now)\n",
        "",
        (f"{ODD}::test_what_cannot_be_written_is_asked_again_and_then_a_persons_with_what_came",),
    ),
    Change(
        "what came with a paid answer that makes no sense is not kept",
        f"{ENGINE}/post_outcomes.py",
        "last_error=error.message, odd_answer=error.came,",
        "last_error=error.message,",
        (f"{ODD}::test_what_came_with_a_paid_answer_that_makes_no_sense_is_kept_and_shown",),
    ),
    Change(
        "what is kept of an answer still has the key in it",
        f"{PROVIDERS}/http/response_body.py",
        "secrets.without(without_key(text[: LONGEST_CAME * 4], secret))",
        "text[: LONGEST_CAME * 4]",
        (f"{READ}::test_a_paid_answer_that_cannot_be_read_is_unknown_with_what_came",),
    ),
    Change(
        "an end in another spelling counts as running",
        f"{PROVIDERS}/job_states.py",
        'return re.sub(r"[\\W_]+", "", said.casefold()) if isinstance(said, str) else ""',
        'return said if isinstance(said, str) else ""',
        (f"{STATES}::test_an_end_is_an_end_in_any_spelling",),
    ),
    Change(
        "an end whose charge nobody documents gives the money back",
        f"{PROVIDERS}/job_states.py",
        "can_retry=end.can_retry, is_charged=is_charged)",
        "can_retry=end.can_retry, is_charged=False)",
        (f"{STATES}::test_an_end_whose_charge_is_documented_nowhere_says_so",),
    ),
    Change(
        "what never ends takes a slot for ever",
        "editorapp/generations/queue/slots.py",
        "TAKES_SLOT = Q(flagged_at=None, provider_done_at=None)",
        "TAKES_SLOT = Q()",
        (f"{ODD}::test_what_never_ends_keeps_nothing_good_waiting",),
    ),
    Change(
        "whoever may create may stop following a take",
        "editorapp/teams/roles.py",
        "_WORKS | {Act.CREATE, ",
        "_WORKS | {Act.STOP_FOLLOWING, Act.CREATE, ",
        (
            f"{STOP}::test_every_role_at_the_door",
            f"{STOP}::test_the_owner_may_not_stop_it_without_being_an_admin",
        ),
    ),
    Change(
        "another team's admin stops following a take",
        "editorapp/generations/reconcile/stop_following.py",
        "if generation.team_id != member.team_id or not member.may(Act.STOP_FOLLOWING):",
        "if not member.may(Act.STOP_FOLLOWING):",
        (f"{STOP}::test_every_role_at_the_door",),
    ),
    Change(
        "a few bytes are unpacked into all of the memory",
        f"{CORE}/content_encoding.py",
        "        if size > most:\n",
        "        if False:\n",
        (f"{READ}::test_what_cannot_be_unpacked_says_so_and_is_unknown_when_paid",),
    ),
)

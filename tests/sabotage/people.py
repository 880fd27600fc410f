"""Who left, who decides about money, and which account is used by itself."""

from tests.sabotage.change import Change

LEFT, SETTLE = "tests/generations/test_offboarding.py", "tests/generations/test_reconcile_settle.py"
PEOPLE, ACCOUNTS = "tests/teams/test_people.py", "tests/providers/test_accounts.py"

CHANGES = (
    Change(
        "a request that began before its person was disabled queues a take",
        "editorapp/generations/request/enqueue.py",
        "            senders.guard(member)\n",
        "",
        (f"{LEFT}::test_a_disabled_person_whose_request_is_still_under_way_makes_nothing",),
    ),
    Change(
        "a request that began before its person was disabled sends a take again",
        "editorapp/generations/request/retry.py",
        "    senders.guard(by)\n",
        "",
        (f"{LEFT}::test_a_disabled_person_whose_request_is_still_under_way_makes_nothing",),
    ),
    Change(
        "a request that began before its person was disabled lets a take go",
        "editorapp/generations/queue/pause.py",
        "    senders.guard(member)\n",
        "",
        (f"{LEFT}::test_a_disabled_person_whose_request_is_still_under_way_makes_nothing",),
    ),
    Change(
        "the engine sends what a disabled person has in line",
        "editorapp/generations/engine/account_snapshot.py",
        "left = senders.without(takes)",
        "left: dict[int, str] = {}",
        (f"{LEFT}::test_the_engine_itself_sends_nothing_of_whoever_may_not_send_it",),
    ),
    Change(
        "what nobody may send is set due when something else goes on",
        "editorapp/generations/queue/parking.py",
        "return _stopped() | senders.nobody()",
        "return _stopped()",
        (
            "tests/generations/test_parked.py::"
            "test_what_its_person_may_not_send_any_more_is_held_for_an_admin_once_nothing_else_pauses_it",
        ),
    ),
    Change(
        "nobody who acts for a person waits for whoever disables them",
        "editorapp/teams/people.py",
        "    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)\n    found",
        "    found",
        (f"{LEFT}::test_whoever_acts_for_a_person_waits_while_they_are_being_disabled",),
        on_servers=True,
    ),
    Change(
        "a session of before opens again when its person is brought back",
        "editorapp/teams/people.py",
        "    sign_out_everywhere(member.user)\n    _close_invites_of(member, now=now)\n",
        "    _close_invites_of(member, now=now)\n",
        (
            f"{PEOPLE}::test_who_is_brought_back_has_the_same_name_and_password_and_no_session_from_before",
        ),
    ),
    Change(
        "an invitation that a disabled admin made lets somebody in",
        "editorapp/teams/people.py",
        "theirs.exclude(role__in=but_to).update(used_at=now)",
        "theirs.exclude(role__in=but_to).count()",
        (f"{PEOPLE}::test_a_disabled_person_is_out_at_once_by_every_way_in",),
    ),
    Change(
        "any creator settles a colleague's outcome",
        "editorapp/generations/reconcile/settle.py",
        "    if not generation.is_answered_by(member):",
        "    if generation.team_id != member.team_id or not member.may_create:",
        (f"{SETTLE}::test_nobody_settles_a_colleagues_take_but_an_admin",),
    ),
    Change(
        "money is decided without a note",
        "editorapp/core/notes.py",
        "    if not any(map(str.isalnum, words)):",
        "    if False:",
        (f"{SETTLE}::test_no_money_is_decided_by_hand_without_a_note",),
    ),
    Change(
        "a mistyped key takes the simulator away",
        "editorapp/providers/accounts.py",
        "    return any(account.proven_at is not None and _has_key(account) for account in found)",
        "    return any(_has_key(account) for account in found)",
        (f"{ACCOUNTS}::test_only_an_account_that_passed_its_test_takes_the_simulator_away",),
    ),
    Change(
        "a refused account becomes the default because its name comes first",
        "editorapp/providers/accounts.py",
        "for one in found if not one.is_refused)",
        "for one in found)",
        (f"{ACCOUNTS}::test_a_refused_account_is_never_chosen_by_itself_however_its_name_sorts",),
    ),
    Change(
        "what a test found of one key is said of the next",
        "editorapp/providers/capability_discovery.py",
        "        if row is None or any(getattr(row, name) != value for name, value in tried.items()):",
        "        if row is None:",
        (
            "tests/generations/test_gone_rows.py::"
            "test_what_a_test_found_is_not_said_of_a_key_or_an_address_that_was_entered_meanwhile",
        ),
    ),
)

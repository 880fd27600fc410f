"""Alerts, backup and restore."""

from tests.sabotage.change import Change

CHANGES = (
    Change(
        "an alert quotes the key that a provider refuses",
        "editorapp/alerts/alerts.py",
        "    message = secrets.without(message)",
        "    message = str(message)",
        ("tests/alerts/test_alerts.py::test_an_alert_that_quotes_a_key_does_not_hold_it",),
    ),
    Change(
        "after a restore, invitations of before let people in",
        "editorapp/ops/backup/restore.py",
        "    for links in (SignInLink, Invite):",
        "    for links in (SignInLink,):",
        (
            "tests/teams/test_ways_out.py::test_after_a_restore_no_link_and_no_invitation_of_before_lets_anybody_in",
        ),
    ),
    Change(
        "after a restore, sessions of before are open",
        "editorapp/ops/backup/restore.py",
        "    Session.objects.all().delete()\n",
        "",
        (
            "tests/teams/test_ways_out.py::test_after_a_restore_no_link_and_no_invitation_of_before_lets_anybody_in",
        ),
    ),
    Change(
        "what was being uploaded for its post when the backup was made is sent again after a restore",
        "editorapp/generations/reconcile/after_restore.py",
        "PERHAPS_SENT = (State.QUEUED, State.STAGING, State.SUBMITTING)",
        "PERHAPS_SENT = (State.QUEUED, State.SUBMITTING)",
        ("tests/generations/test_after_restore.py::test_only_what_may_have_been_sent_is_held",),
    ),
    Change(
        "what a worker does is in the audit log as done at the command line",
        "editorapp/generations/worker/cluster.py",
        "    with audit_origin.this_process_is(audit_origin.ENGINE):",
        "    if True:",
        (
            "tests/generations/test_cluster.py::test_the_studios_cluster_is_made_of_these_and_is_the_engine_while_it_runs",
        ),
    ),
    Change(
        "what the ticker does is in the audit log as done at the command line",
        "editorapp/generations/management/commands/ticker.py",
        "        with audit_origin.this_process_is(audit_origin.ENGINE):",
        "        if True:",
        (
            "tests/generations/test_ticker.py::test_a_process_that_ticks_is_the_engine_until_it_is_asked_to_end",
        ),
    ),
)

"""An account that is verified: what is paid, and what a report tells."""

from tests.sabotage.change import Change

PAYING, HEARING = (
    "editorapp/generations/verification/paid_take.py",
    "editorapp/generations/exchange_log.py",
)
VIEWS = "editorapp/web/accounts/verification_views.py"
HERE, PAGE = "tests/generations/test_verification.py", "tests/web/test_verifying.py"
SECRETS = f"{HERE}::test_what_was_planted_of_secrets_stays_out_of_all_that_is_kept"

CHANGES = (
    Change(
        "a verification's take is paid for more than a person agreed to",
        PAYING,
        "if take.estimate_high_usd > at_most_usd:",
        "if False:",
        (f"{PAGE}::test_the_price_is_told_and_only_then_paid_for_at_most_that",),
    ),
    Change(
        "a verification that was ended, or paid a moment ago, is paid for all the same",
        PAYING,
        "        if not waiting.update(state=State.PAID, take=take, person=member.user):",
        "        if waiting.update(state=State.PAID, take=take, person=member.user) is None:",
        (
            f"{HERE}::test_a_page_that_was_opened_before_it_was_ended_pays_nothing",
            f"{HERE}::test_two_who_agree_at_the_same_instant_send_one_take",
        ),
    ),
    Change(
        "names that are made of a key are kept and told",
        HEARING,
        "    said = json.loads(without_secrets(text, verification))\n",
        "    said = json.loads(text)\n",
        (SECRETS,),
    ),
    Change(
        "an admin of another team sees a verification, and pays it",
        VIEWS,
        "get_object_or_404(rows, pk=pk, team_id=request.member.team_id)",
        "get_object_or_404(rows, pk=pk)",
        (f"{PAGE}::test_only_admins_of_the_team_come_near_it",),
    ),
)

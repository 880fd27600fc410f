"""Every address that takes a POST says what it writes into the audit log, or why nothing: found from
the URL table itself, so a new one without a row fails. And the page that shows the log.
"""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams import audit
from editorapp.teams.audit import ACTS
from editorapp.teams.models import AuditEntry, Invite, Project
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved, signed_in
from tests.web.test_every_door import doors

pytestmark = pytest.mark.django_db

READS = "it changes nothing"
FREE = "it is free, takes nothing away and shows nothing to anybody new"
OWN_WORDS = "it keeps what one person typed or has read, for themselves"
SAID = "a comment is a row of its own: who, when, and what it said before each change"
VIEWS = "a view is filters under a name: it shows no take to anybody who does not see it"
RECORDED: dict[str, tuple[str, ...] | str] = {
    "None": READS,
    "accounts:add": ("account.added",),
    "accounts:default": ("account.made_default",),
    "accounts:delete": ("account.deleted",),
    "accounts:edit": ("account.changed",),
    "accounts:give": ("account.given",),
    "accounts:switch": ("account.switched_on", "account.switched_off"),
    "accounts:test": ("account.tested",),
    "comments:add": SAID,
    "comments:delete": SAID,
    "comments:edit": SAID,
    "comments:reopen": FREE,
    "comments:reply": SAID,
    "comments:resolve": FREE,
    "costs:limit": ("team.limit_changed",),
    "gallery:change_view": VIEWS,
    "gallery:delete_view": VIEWS,
    "gallery:save_view": VIEWS,
    "inbox:delivery_again": ("webhook.sent_again",),
    "inbox:read": OWN_WORDS,
    "inbox:settings": OWN_WORDS,
    "inbox:unread": OWN_WORDS,
    "inbox:webhook": ("webhook.changed",),
    "inbox:webhook_delete": ("webhook.deleted",),
    "inbox:webhook_make": ("webhook.made",),
    "inbox:webhook_rotate": ("webhook.secret_rotated",),
    "inbox:webhook_switch": ("webhook.switched_on", "webhook.switched_off"),
    "inbox:webhook_test": ("webhook.tested",),
    "media:finish_upload": FREE,
    "media:pin": FREE,
    "media:upload_form": FREE,
    "media:uploads": FREE,
    "people:bring_back": ("member.brought_back",),
    "people:disable": ("member.disabled", "member.takes_decided"),
    "people:invite": ("invite.accepted",),
    "people:link": ("person.signed_in",),
    "people:code": ("person.signed_in",),
    "people:oidc": ("person.identity_linked",),
    "people:oidc_unlink": ("person.identity_unlinked",),
    "people:oidc_join": ("invite.accepted",),
    "people:passkeys": READS,
    "people:ask_passkey": "it only asks the browser; nothing is kept",
    "people:add_passkey": ("person.passkey_added",),
    "people:remove_passkey": ("person.passkey_removed",),
    "people:ask_sign_in_passkey": "it only asks the browser; nothing is kept",
    "people:sign_in_passkey": ("person.signed_in",),
    "people:remove_factor": ("member.factor_removed",),
    "people:second_factor": ("person.factor_set", "person.factor_removed"),
    "people:make_invite": ("invite.made",),
    "people:make_link": ("member.link_made",),
    "people:make_team": ("team.made", "person.switched_team"),
    "people:me": ("person.password_changed",),
    "people:revoke_invite": ("invite.revoked",),
    "people:rule": ("team.rule_changed",),
    "people:role": ("member.role_changed", "member.takes_decided"),
    "people:sign_in": ("person.signed_in",),
    "people:sign_out": ("person.signed_out",),
    "people:sign_out_elsewhere": ("person.signed_out_everywhere",),
    "people:switch_team": ("person.switched_team",),
    "people:takes": ("member.takes_decided", "take.canceled"),
    "people:team": ("team.renamed",),
    "projects:add_member": ("project.member_added",),
    "projects:archive": ("project.archived",),
    "projects:edit": ("project.changed",),
    "projects:make": ("project.made",),
    "projects:remove_member": ("project.member_removed",),
    "projects:unarchive": ("project.unarchived",),
    "review:ask": "a request is a row of its own, and the person asked has a notice of it",
    "review:decide": "a decision is a row of its own that nobody changes: who, when and why",
    "review:delete_playlist": ("playlist.deleted",),
    "review:make_playlist": FREE,
    "review:move_in_playlist": FREE,
    "review:next": OWN_WORDS,
    "review:remove_from_playlist": "the take stays where it was, and can be put in again",
    "review:rename_playlist": FREE,
    "queue:account": ("account.paused", "account.resumed"),
    "queue:arrange": "the row itself says who paused it; it is sent or canceled later",
    "queue:cancel_batch": ("take.canceled",),
    "queue:whole": ("queue.paused", "queue.resumed"),
    "exports:of_chosen": ("take.handed_on",),
    "guests:comment": "a comment is a row of its own, with who said it and what they said before",
    "guests:delete": "a comment is a row of its own, with who said it and what they said before",
    "guests:edit": "a comment is a row of its own, with who said it and what they said before",
    "guests:reply": "a comment is a row of its own, with who said it and what they said before",
    "guests:enter": "a guest is a row of their own: who came, when and how often",
    "guests:leave": READS,
    "shares:new": ("share.made",),
    "shares:copy": ("share.copied",),
    "shares:change": ("share.changed",),
    "shares:revoke": ("share.revoked",),
    "shell:theme": READS,
    "status:check": READS,
    "studio:answer": OWN_WORDS,
    "studio:answer_verdict": OWN_WORDS,
    "studio:ask": FREE,
    "studio:check": READS,
    "studio:draft": OWN_WORDS,
    "studio:mend": READS,
    "studio:recipe_delete": ("recipe.deleted",),
    "studio:recipe_make": FREE,
    "studio:recipe_of_take": FREE,
    "studio:recipe_plan": READS,
    "studio:recipe_rename": FREE,
    "studio:recipes": READS,
    "studio:submit": ("take.queued", "take.canceled"),
    "studio:switch": READS,
    "studio:version_back": OWN_WORDS,
    "studio:version_delete": OWN_WORDS,
    "takes:ask": FREE,
    "takes:ask_finish": FREE,
    "takes:ask_branch": FREE,
    "takes:cancel": ("take.canceled",),
    "takes:correct": ("take.cost_corrected",),
    "takes:fetch": FREE,
    "takes:finish": ("take.finished",),
    "takes:fetch_frames": FREE,
    "takes:judge": "the answer itself says who judged it, and when",
    "takes:look": FREE,
    "takes:retry": ("take.retried",),
    "takes:run_branch": ("branch.run", "take.queued"),
    "takes:settle": ("take.settled", "take.sent_again"),
    "takes:sound": FREE,
    "takes:stop": ("take.unfollowed",),
    "takes:stop_branch": ("branch.stopped",),
    "takes:take_as_it_is": ("take.accepted",),
    "keep:colour": FREE,
    "keep:compare": READS,
    "keep:list_up": FREE,
    "keep:move": ("take.moved",),
    "keep:rate": FREE,
    "keep:star": FREE,
    "keep:tag": FREE,
    "keep:unstar": FREE,
    "keep:untag": FREE,
    "tags:change": FREE,
    "tags:delete": ("tag.deleted",),
    "tags:merge": ("tag.merged",),
    "trash:delete": ("take.deleted",),
    "trash:restore": ("take.restored",),
    "trash:throw": ("take.trashed",),
    "verifying:begin": ("account.verification_begun",),
    "verifying:go_on": ("account.verification_paid", "take.queued"),
    "verifying:leave_it": FREE,
}


def taking_a_post() -> set[str]:
    """Return the names of all addresses whose view answers a POST at all."""
    batch = "7f8e4f2e-93a4-4c0c-9f7b-0d3c5a0a7b11"
    filled = ((one.replace("<uuid:batch>", batch), name) for one, name in doors())
    return {name for address, name in filled if Client().post(address).status_code != 405}


def test_every_address_that_takes_a_post_says_what_it_records() -> None:
    found = taking_a_post()

    missing, gone = found - set(RECORDED), set(RECORDED) - found
    assert not missing, f"say in RECORDED what these write down, or why nothing: {missing}"
    assert not gone, f"these are no addresses that take a POST (any more): {gone}"


def test_every_act_of_the_table_is_recorded_somewhere_and_every_recorded_one_is_in_it() -> None:
    said = {act for acts in RECORDED.values() if isinstance(acts, tuple) for act in acts}

    assert said == set(ACTS)


@pytest.fixture
def owner():
    return make_member(role=Role.OWNER, name="Olga")


def acts() -> list[str]:
    return [line.act for line in AuditEntry.objects.order_by("pk")]


def test_money_takes_and_the_queue_are_written_down(owner) -> None:
    client = signed_in(owner)
    queued, again = make_reserved(owner), make_reserved(owner)
    unknown = make_reserved(owner, state=State.UNKNOWN)

    client.post(f"/takes/{queued.pk}/cancel")
    client.post(f"/takes/{queued.pk}/cancel")  # too late: nothing is done, nothing is written
    note = {"note": "Looked at the console."}
    client.post(f"/takes/{unknown.pk}/settle", {"outcome": "never_arrived", **note})
    client.post("/costs/limit", {"monthly_limit_usd": "50", "limit_note": "The pilot"})
    client.post("/queue/pause")
    client.post("/queue/pause")
    client.post("/queue/resume")
    client.post(f"/queue/account/{again.account_id}/pause")
    client.post(f"/queue/account/{again.account_id}/resume")

    assert acts() == [
        "take.canceled",
        "take.settled",
        "team.limit_changed",
        "queue.paused",
        "queue.resumed",
        "account.paused",
        "account.resumed",
    ]
    settled = AuditEntry.objects.get(act="take.settled")
    assert (settled.subject, settled.why) == (f"take:{unknown.pk}", "Looked at the console.")
    limit = AuditEntry.objects.get(act="team.limit_changed")
    assert limit.facts == {"limit_usd": [None, "50"]} and limit.why == "The pilot"


def test_accounts_are_written_down_and_no_key_is(owner) -> None:
    client, key = signed_in(owner), "luma-api-0123456789abcdef"
    sent = {
        "name": "Main",
        "key_1": key,
        "max_concurrent": "3",
        "requests_per_minute": "60",
        "base_url": "",
    }

    client.post("/accounts/new/luma-agents", sent)
    account = ProviderAccount.objects.get(name="Main")
    client.post(f"/accounts/{account.pk}/edit", sent | {"name": "Other", "max_concurrent": "2"})
    client.post(f"/accounts/{account.pk}/switch", {"on": "0"})
    client.post(f"/accounts/{account.pk}/delete")

    assert acts() == [
        "account.added",
        "account.changed",
        "account.switched_off",
        "account.deleted",
    ]
    changed = AuditEntry.objects.get(act="account.changed").facts
    assert changed["set_name"] == ["Main", "Other"] and changed["set_max_concurrent"] == ["3", "2"]
    kept = str(list(AuditEntry.objects.values()))
    assert key not in kept and key[-8:] not in kept


def test_projects_are_written_down_with_who_was_let_in(owner) -> None:
    client, guest = signed_in(owner), make_member(role=Role.GUEST, team=owner.team, name="Gus")
    take = make_reserved(owner, prompt="A quiet harbor")

    client.post("/projects/new", {"name": "Pilot", "colour": "red", "is_private": "on"})
    project = Project.objects.get()
    client.post(f"/projects/{project.pk}/people", {"person": guest.user_id})
    client.post("/gallery/keep/move", {"takes": take.pk, "project": project.pk})
    client.post("/gallery/keep/move", {"takes": take.pk, "project": project.pk})  # it is there
    client.post(f"/projects/{project.pk}/people/remove", {"person": guest.user_id})
    client.post(f"/projects/{project.pk}/", {"name": "Pilot", "colour": "red"})
    client.post(f"/projects/{project.pk}/archive")
    client.post(f"/projects/{project.pk}/unarchive")

    assert acts() == [
        "project.made",
        "project.member_added",
        "take.moved",
        "project.member_removed",
        "project.changed",
        "project.archived",
        "project.unarchived",
    ]
    moved = AuditEntry.objects.get(act="take.moved")
    assert moved.facts == {"project": [None, "Pilot"]} and moved.about == "A quiet harbor"
    assert not type(owner.team).objects.get(pk=owner.team_id).has_private_projects


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.OWNER, 200),
        (Role.ADMIN, 200),
        (Role.BILLING, 200),
        (Role.CREATOR, 403),
        (Role.REVIEWER, 403),
        (Role.GUEST, 403),
    ],
)
def test_the_log_is_shown_to_who_may_read_it(role, status) -> None:
    client = signed_in(make_member(role=role))

    assert client.get("/audit/").status_code == status
    assert client.get("/audit/lines.csv").status_code == status
    assert ('href="/audit/"' in client.get("/me").content.decode()) == (status == 200)


def test_the_log_is_filtered_by_person_kind_act_subject_and_day(owner) -> None:
    client, zed = signed_in(owner), make_member(team=owner.team, name="Zed")
    audit.record("take.canceled", "take:12", by=owner, about="A quiet harbor")
    audit.record("take.queued", "take:13", by=zed, about="A loud harbor")
    audit.record("team.renamed", f"team:{owner.team_id}", by=owner, about="Night shift")
    audit.record("take.canceled", "take:14", by=make_member(), about="Another team's")

    def found(query: str) -> set[str]:
        html = client.get(f"/audit/?{query}").content.decode()
        words = ("A quiet harbor", "A loud harbor", "Night shift", "Another team")
        return {one for one in words if one in html.partition("<tbody>")[2]}

    today = f"{timezone.now():%Y-%m-%d}"
    assert found("") == {"A quiet harbor", "A loud harbor", "Night shift"}
    assert found(f"person={zed.user_id}") == {"A loud harbor"}
    assert found("kind=destructive") == {"A quiet harbor"}
    assert found("act=team.renamed") == {"Night shift"}
    assert found("subject=%2312") == found("subject=12") == {"A quiet harbor"}
    assert found(f"since={today}&until={today}") == found("")
    assert found("until=2020-01-01") == set()
    assert client.get("/audit/?since=yesterday").status_code == 400


def test_older_lines_come_by_their_cursor_and_the_file_has_them_all(owner) -> None:
    client = signed_in(owner)
    for number in range(120):
        audit.record("take.canceled", f"take:{number + 1}", by=owner, why='=HYPERLINK("x")')

    first = client.get("/audit/").content.decode()
    whole = b"".join(client.get("/audit/lines.csv")).decode().lstrip("\ufeff")

    assert first.count("<tr>") == 51 and "Older lines" in first
    rows = list(csv.DictReader(io.StringIO(whole)))
    assert [row["subject"] for row in rows] == [f"take:{number + 1}" for number in range(120)]
    assert {row["why"] for row in rows} == {'\'=HYPERLINK("x")'}
    assert (rows[0]["person"], rows[0]["kind"]) == ("Olga", "destructive")


def test_what_a_person_did_stays_when_they_are_gone(owner) -> None:
    client, zed = signed_in(owner), make_member(role=Role.ADMIN, team=owner.team, name="Zed")
    Invite.objects.all().delete()
    signed_in(zed).post("/people/team", {"name": "Night shift"})
    client.post(f"/people/{zed.pk}/disable", {"choice": "hold"})

    html = client.get(f"/audit/?person={zed.user_id}").content.decode()

    assert "Night shift" in html and html.count("<tr>") == 2

"""Parts of pages that are kept: the same for the same values, and another for any other."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.safestring import mark_safe

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.review.decide import decide
from editorapp.teams.roles import Role
from editorapp.web.presenters.kept_parts import kept_part
from tests.factories import make_asset, make_generation, make_member, signed_in

PART = "queue/_arrange.html"
VALUES = {
    "id": "12",
    "at": "/queue/12/",
    "responsible": "Cleo",
    "batch": "",
    "batch_count": 0,
    "is_own": False,
    "may_arrange": True,
    "may_cancel": True,
    "may_manage": False,
}


def test_the_same_values_are_rendered_once():
    assert kept_part(PART, **VALUES) is kept_part(PART, **VALUES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "13"),
        ("at", "/queue/13/"),
        ("responsible", "Ole"),
        ("is_own", True),
        ("may_arrange", False),
        ("may_cancel", False),
        ("may_manage", True),
    ],
)
def test_any_other_value_is_another_part(name, value):
    assert kept_part(PART, **VALUES) != kept_part(PART, **(VALUES | {name: value}))


@pytest.mark.django_db
def test_what_one_may_do_is_never_shown_to_another():
    admin = make_member(role=Role.ADMIN)
    reviewer = make_member(role=Role.REVIEWER, team=admin.team)
    take = make_generation(admin, batch=uuid4())

    first, second = (signed_in(one).get("/queue/").content.decode() for one in (admin, reviewer))

    assert f'id="up-{take.pk}"' in first and f"/takes/{take.pk}/cancel" in first
    assert "up-" not in second and "/cancel" not in second


CARD = "gallery/_card.html"


def test_what_is_fresh_is_written_anew_into_the_same_part_and_escaped():
    first = kept_part(CARD, {"when": "now"}, prompt="", maker="Cleo")
    second = kept_part(CARD, {"when": "<b>"}, prompt="", maker="Cleo")

    assert "Cleo · now</span>" in first
    assert second == first.replace("Cleo · now", "Cleo · &lt;b&gt;")


def test_what_is_fresh_may_be_html_of_ours():
    clock = mark_safe("<time>3 s</time>")

    assert "· <time>3 s</time></span>" in kept_part(CARD, {"when": clock}, prompt="", maker="Cleo")


def test_words_and_html_that_read_alike_are_two_parts():
    html = kept_part(CARD, prompt="", cost=mark_safe("<b>$1</b>"))
    words = kept_part(CARD, prompt="", cost="<b>$1</b>")

    assert "<b>$1</b>" in html
    assert "<b>$1</b>" not in words and "&lt;b&gt;$1" in words


def shown(client: Client, path: str = "/gallery/") -> str:
    return client.get(path).content.decode()


CHANGES = {
    "state": {"state": State.FAILED, "failure_message": "The provider said <no>."},
    "cost": {"cost_usd": "3.25"},
    "whose estimate": {"cost_is_estimated": True},
    "prompt": {"prompt": "Snow & <fog>"},
    "simulated": {"is_simulated": False},
    "review": {"review": Generation.Review.APPROVED},
    "model": {"model": "ray-4"},
}
SAYS = {
    "state": "The provider said &lt;no&gt;.",
    "cost": "$3.25",
    "whose estimate": "$1.08 est.",
    "prompt": "Snow &amp; &lt;fog&gt;",
    "simulated": 'title="As the provider reports it">$1.08',
    "review": 'badge-good">Approved',
    "model": "Edit, ray-4",
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", CHANGES)
def test_a_card_never_says_what_was_so_before(what):
    member = make_member(role=Role.CREATOR)
    done = {"state": State.SUCCEEDED, "cost_usd": "1.08", "is_simulated": True}
    take = make_generation(member, **done, result=make_asset(member, origin=Asset.Origin.RESULT))
    client = signed_in(member)
    before = shown(client)
    Generation.objects.filter(pk=take.pk).update(**CHANGES[what])

    after = shown(client)

    assert SAYS[what] not in before
    assert SAYS[what] in after


@pytest.mark.django_db
def test_names_and_notes_on_a_card_are_those_of_now():
    member = make_member(role=Role.CREATOR, name="Cleo")
    reviewer = make_member(role=Role.REVIEWER, team=member.team, name="Rae")
    result = make_asset(member, origin=Asset.Origin.RESULT)
    take = make_generation(member, state=State.SUCCEEDED, result=result)
    client = signed_in(member)
    shown(client)
    decide(take, "needs_changes", member=reviewer, note="Too <dark>.", now=timezone.now())
    reviewer.user.display_name = "Rae & Co"
    reviewer.user.save()
    member.user.display_name = "Cléo"
    member.user.save()
    take.account.name = "Other account"
    take.account.save()

    html = shown(client)

    assert "<strong>Rae &amp; Co:</strong> Too &lt;dark&gt;." in html
    assert "Cléo · " in html and "· Other account<" in html


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/gallery/", "/queue/"])
def test_how_long_a_take_has_run_is_counted_anew(path):
    member = make_member(role=Role.CREATOR)
    take = make_generation(member, state=State.RUNNING)
    client = signed_in(member)
    before = shown(client, path)
    since = timezone.now() - timedelta(hours=2, minutes=5)
    Generation.objects.filter(pk=take.pk).update(state_since=since)

    after = shown(client, path)

    assert "2 h 05 min" not in before
    assert "2 h 05 min" in after


@pytest.mark.django_db
def test_each_page_of_the_queue_has_its_own_token_in_the_forms_of_a_row():
    member = make_member(role=Role.CREATOR)
    take = make_generation(member, state=State.FAILED, can_retry=True)
    pages = [shown(signed_in(member), "/queue/") for _ in range(2)]
    form = (
        f'action="/takes/{take.pk}/retry"><input type="hidden" name="csrfmiddlewaretoken" value="'
    )

    tokens = [page.partition(form)[2].partition('"')[0] for page in pages]

    assert all(len(token) == 64 for token in tokens)
    assert tokens[0] != tokens[1]

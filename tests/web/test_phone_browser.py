"""Every page on a phone and on a tablet, with large amounts and many alerts: nothing is wider than
the window, no amount is cut.
"""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.alerts.models import Alert, AlertKind
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.teams import projects
from editorapp.teams.models import Member, ProjectMember, Team
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Act, Role
from tests.factories import make_asset, make_generation, make_member
from tests.web.test_every_door import doors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
MUCH = Decimal("1234567.89")
# no file is behind the rows
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"/>'
WIDE = """() => {
    const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
    const isOut = (one) => one.getBoundingClientRect().right > window.innerWidth + 0.5 && !scrolls(one.parentElement);
    const wide = [...document.querySelectorAll("main *, header *")].filter(isOut);
    const what = wide.slice(0, 4).map((one) => one.outerHTML.slice(0, 90));
    return { by: document.documentElement.scrollWidth - window.innerWidth, what };
}"""
CUT = """() => [...document.querySelectorAll(".shell .money")].flatMap((money) => {
    const box = money.getBoundingClientRect();
    const clips = [money.parentElement, money.closest(".month > span"), money.closest(".shell")];
    return clips.filter((one) => one && box.right > one.getBoundingClientRect().right + 1).map(() => money.textContent);
})"""


@pytest.fixture
def team() -> Team:
    """A team that spends much, with a take in each part of the queue and more alerts than anybody
    reads.
    """
    team = Team.objects.create(name="Department of Moving Pictures", monthly_limit_usd=9 * MUCH)
    owner, now = make_member(team=team, name="Bartholomew-Alexander Featherstone"), timezone.now()
    clip = make_asset(owner, pk=1)
    states = (State.SUCCEEDED, State.UNKNOWN, State.RUNNING, State.QUEUED, State.FETCH_FAILED)
    for pk, state in enumerate(states, start=1):
        fields = {"result": clip, "cost_usd": MUCH} if state == State.SUCCEEDED else {}
        take = make_generation(
            owner,
            pk=pk,
            state=state,
            source=clip,
            estimate_low_usd=MUCH,
            estimate_high_usd=MUCH,
            **fields,
        )
        attempt = take.attempts.get()
        ledger.reserve(subject(attempt), MUCH, now=now)
        if state == State.SUCCEEDED:
            ledger.charge(
                [Charge(attempt.pk, MUCH, is_estimated=False, note="As it was said")], now=now
            )[0]
    Attempt.objects.update(submit_started_at=now)
    Alert.objects.bulk_create(
        Alert(
            kind=AlertKind.LOST,
            subject=f"generation:{one}",
            message="Lost.",
            team=team,
            path="/takes/1",
            opened_at=now,
        )
        for one in range(120)
    )
    return team


def pages_of(member: Member) -> list[str]:
    """Return every address that shows this person a page."""
    client, found = Client(), []
    client.force_login(member.user)
    for address, _name in doors():
        answer = client.get(address)
        html = (
            answer.content[:200]
            if answer.headers.get("Content-Type", "").startswith("text/html")
            else b""
        )
        if answer.status_code == 200 and b"<html" in html:
            found.append(address)
    return found


PLACES = {
    "/studio/": Act.STUDIO,
    "/queue/": Act.SEE_TEAM,
    "/costs/": Act.SEE_COSTS,
    "/audit/": Act.SEE_AUDIT,
    "/status/": Act.MANAGE,
}


@pytest.mark.parametrize("role", Role.values)
def test_no_page_is_wider_than_a_phone_or_a_tablet(team, open_page, role):
    member = make_member(team=team, role=role, name="Maximiliane von Hohenstein")
    board = projects.make(make_member(team=team, role=Role.ADMIN), ProjectFields("Board"))
    ProjectMember.objects.create(project=board, user=member.user)  # a guest sees nothing else
    Generation.objects.filter(pk=1).update(project=board)
    addresses = pages_of(member)
    page = open_page(member, "/me", width=390, height=844)
    base, wrong = page.url.removesuffix("/me"), []
    page.route(
        "**/media/**", lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE)
    )

    for address in addresses:
        page.goto(base + address)
        for width in (390, 360, 768, 1024):
            page.set_viewport_size({"width": width, "height": 844})
            found = page.evaluate(WIDE)
            if found["by"] > 0:
                wrong.append(
                    f"{address} at {width} px is {found['by']} px too wide: {found['what']}"
                )
            wrong += [f"{address} at {width} px cuts {money}" for money in page.evaluate(CUT)]

    assert {"/gallery/", "/projects/", "/takes/1", "/me"} <= set(addresses)
    for address, act in PLACES.items():
        assert (address in addresses) == member.may(act), address
    assert not wrong, "\n".join(wrong)

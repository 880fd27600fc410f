"""Settling in a real browser: a second time's price is asked for in place; the pages looked at,
light and dark.
"""

import shutil
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import PriceQuote
from editorapp.generations.checks import overdue
from editorapp.generations.models import Attempt, Generation, Search
from editorapp.generations.request import quotes
from editorapp.generations.states import State
from editorapp.media.models import Asset
from tests.browser_look import look
from tests.factories import default_account
from tests.taken_in import take_in
from tests.web.take_pages import make_held

pytestmark = [pytest.mark.django_db(transaction=True)]
PROMPT = (
    "Turn the street into a rainy neon evening, with reflections on the asphalt and slow umbrellas"
)


@pytest.fixture
def source(creator, real_media, tmp_path) -> Asset:
    copy = tmp_path / "bunny.mp4"
    shutil.copyfile(real_media / "bunny_720p_5s.mp4", copy)
    return take_in(
        copy, name="bunny.mp4", team=creator.team, user=creator.user, origin=Asset.Origin.UPLOAD
    )


def make_unknown(creator, provider: str, source: Asset, **found) -> Generation:
    now = timezone.now()
    began = now - timedelta(minutes=4)
    take = make_held(
        creator,
        State.UNKNOWN,
        account=default_account(provider),
        provider=provider,
        prompt=PROMPT,
        source=source,
        failure_message="GMI Cloud did not answer (ReadTimeout). It may have taken the request.",
    )
    Attempt.objects.filter(generation=take).update(
        submit_started_at=began,
        last_error="GMI Cloud did not answer (ReadTimeout). It may have taken the request.",
        request_body={"model": "luma-ray-3-2-edit", "payload": {"prompt": PROMPT}},
    )
    made = [(began + timedelta(seconds=after)).isoformat() for after in (2, 41)]
    candidates = [
        {
            "job_id": "3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69",
            "created_at": made[0],
            "likeness": "same",
        },
        {
            "job_id": "9c2d7b11-0b52-4bb4-9d51-3d7f6a3f4e10",
            "created_at": made[1],
            "likeness": "same",
        },
    ]
    says = "GMI Cloud lists 2 jobs of that time with this very request: which is it?"
    known = {"verdict": "person", "says": says, "looked_at": now, "candidates": candidates}
    Search.objects.create(
        attempt=take.attempts.get(), since=began + timedelta(seconds=60), **(known | found)
    )
    return take


def test_the_pages_fit_and_read_at_both_widths_in_both_themes(open_page, creator, source):
    take = make_unknown(creator, "gmi-cloud", source)
    make_unknown(
        creator, "scenario", source, verdict="looking", says="", at=timezone.now(), candidates=[]
    )
    lost = make_held(
        creator,
        State.LOST,
        source=source,
        failure_message="The provider does not know this job any more.",
    )
    late = make_held(creator, State.RUNNING, source=source)
    long_ago = timezone.now() - timedelta(hours=2)
    Attempt.objects.filter(generation=late).update(submitted_at=long_ago, provider_job_id="job-4")
    overdue.look(timezone.now())

    page = open_page(creator, f"/takes/{take.pk}")
    look(page, "settle-take")
    for name, address in (
        ("list", "/unknown/"),
        ("lost", f"/takes/{lost.pk}"),
        ("overdue", f"/takes/{late.pk}"),
    ):
        page.goto(page.url.partition("/takes")[0].partition("/unknown")[0] + address)
        look(page, f"settle-{name}")


def test_the_price_of_a_second_time_is_asked_for_in_place_and_agreed_to(open_page, creator, source):
    take = make_unknown(creator, "scenario", source, candidates=[])
    page = open_page(creator, f"/takes/{take.pk}")

    page.get_by_label("Why (needed; kept with the cost lines)").fill("The client waits")
    page.get_by_role("button", name="Ask what it costs now").click()
    page.get_by_text("Asking Scenario (simulated) what a second time costs now").wait_for()
    PriceQuote.objects.update(
        state=quotes.State.KNOWN,
        low_usd=Decimal("2.40"),
        high_usd=Decimal("2.40"),
        basis="240 CU at $0.01",
        answered_at=timezone.now(),
    )
    agree = page.get_by_role("button", name="Send again for $2.40 more")
    agree.wait_for()
    assert (
        page.get_by_label("Why (needed; kept with the cost lines)").input_value()
        == "The client waits"
    )
    agree.click()
    page.get_by_text("Settled. Who decided is kept with the cost lines.").wait_for()

    take.refresh_from_db()
    assert (take.state, ledger.held_usd(take.pk)) == (State.QUEUED, Decimal("2.40"))
    assert "Counted as spent, and sent again" in page.inner_text("#take")

"""Makers and readers that the tests of the take page share."""

import re

from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from tests.factories import make_asset, make_generation

NOW = timezone.now()


def make_done(member, **fields) -> Generation:
    result = make_asset(member, origin=Asset.Origin.RESULT, is_simulated=True)
    return make_generation(member, state=State.SUCCEEDED, result=result, **fields)


def make_held(member, state, **fields) -> Generation:
    """Make a generation whose attempt holds its estimate."""
    take = make_generation(member, state=state, **fields)
    ledger.reserve(subject(take.attempts.get()), take.estimate_high_usd, now=NOW)
    return take


def text(client, take) -> str:
    """Return the page's words, without tags."""
    html = client.get(f"/takes/{take.pk}").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())

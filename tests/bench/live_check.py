"""What one live check costs, against a signed-in Django view that renders the same fragment from
constants.

Both views run in this process, through the real WSGI handler with all middleware and a session in
the database, turn by turn, so that whatever else the machine does falls on both. Time is the CPU
time of this process.
"""

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.test.utils import override_settings
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.web.studio import views as studio
from tests.bench import Figure, promised
from tests.bench.in_process import PLAIN, Answer, Visitor, cpu_ms, queries
from tests.factories import make_asset, make_generation, make_member

ROUNDS = 60
MOST = 2.0  # times the yardstick; 1.5 is the aim
MANY = 2000
ADDRESS = "/studio/check"
CONSTANTS = "/bench/constants"

_shown: dict[str, Any] = {}


@login_required
@require_POST
def constants(request: HttpRequest) -> HttpResponse:
    """The yardstick: the session and its person are read, and the same template is rendered, from
    constants.
    """
    return HttpResponse(render_to_string("studio/_checked.html", _shown))


urlpatterns = [path("bench/constants", constants), path("", include("editorapp.web.urls"))]


def _forms(asset: Asset) -> dict[str, dict[str, str]]:
    """Return three states of the form: as most are, with every signal, and broken in several ways."""
    usual = {
        "source_kind": "asset",
        "source_asset": str(asset.pk),
        "prompt": "Rainy neon evening, wet asphalt",
        "conditioning": "auto",
        "strength": "flex_2",
        "guides": "none",
        "resolution": "720p",
        "form_token": "bench",
        "depth_blur": "",
        "pose_strength": "",
        "normals_augmentation": "",
        "trajectory_sparsity": "",
    }
    signals = {
        f"{name}_enabled": "1" for name in ("pose", "depth", "normals", "trajectory", "face")
    }
    return {
        "usual": usual,
        "every signal": usual | {"conditioning": "manual", "depth_blur": "0.3"} | signals,
        "broken": usual | {"exr": "1", "prompt": "", "resolution": "540p"},
    }


Post = Callable[[str], Answer]


def _learn(fields: dict[str, str], member: Member) -> None:
    """Keep what the real view gives to its template for this form, as the yardstick's constants."""
    _shown.clear()
    _shown.update(studio.check_of(QueryDict(urlencode(fields)), member))


def _measured(post: Post) -> tuple[float, float]:
    check, yardstick = [], []
    for _ in range(ROUNDS):
        check.append(cpu_ms(partial(post, ADDRESS)))
        yardstick.append(cpu_ms(partial(post, CONSTANTS)))
    return statistics.median(check), statistics.median(yardstick)


def _fill(member: Member, asset: Asset, count: int) -> None:
    first = make_generation(member, source=asset)
    rows = {
        name: getattr(first, name)
        for name in (field.attname for field in Generation._meta.concrete_fields)
    }
    rows.pop("id")
    Generation.objects.bulk_create(
        [
            Generation(**(rows | {"form_token": "", "created_at": timezone.now()}))
            for _ in range(count - 1)
        ]
    )


@override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost"], STORAGES=PLAIN)
def run() -> list[Figure]:
    call_command("migrate", verbosity=0)
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    member = make_member()
    asset = make_asset(member)
    visitor = Visitor(member)
    figures = []
    for name, fields in _forms(asset).items():
        post = partial(visitor.post, fields=fields, is_part=True)
        _learn(fields, member)
        real, same = post(ADDRESS), post(CONSTANTS)
        assert real.status.startswith("200") and real.text == same.text, (
            f"the yardstick renders something else: {name}"
        )
        check, yardstick = _measured(post)
        figures += [
            Figure(f"CPU of a check, {name}", f"{check:.2f} ms"),
            Figure("CPU of a signed-in view of the same fragment", f"{yardstick:.2f} ms"),
            promised(
                "check against that view", check / yardstick, at_most=MOST, digits=2, unit=" times"
            ),
        ]
    ask = partial(post, ADDRESS)
    empty = queries(ask)
    _fill(member, asset, MANY)
    full = queries(ask)
    return [
        *figures,
        Figure("queries of a check, empty gallery", str(empty)),
        promised(f"queries of a check, {MANY:,} generations", full, at_most=empty),
    ]

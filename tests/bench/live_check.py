"""What one live check costs, against a signed-in Django view that renders the same fragment from
constants.

Both views run in this process, through the real WSGI handler with all middleware and a session in
the database, turn by turn, so that whatever else the machine does falls on both. Time is the CPU
time of this process.
"""

import io
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.web.studio import views as studio
from tests.bench import Figure, promised
from tests.factories import make_asset, make_generation, make_member

ROUNDS, BATCH = 60, 10
MOST = 2.0  # times the yardstick; 1.5 is the aim
MANY = 2000
ADDRESS = "/studio/check"
CONSTANTS = "/bench/constants"

_PLAIN = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
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


def _caller(session_key: str, fields: dict[str, str]) -> Callable[[str], tuple[str, bytes]]:
    """Return a function that posts the form to an address, as a server would hand it over."""
    handler, body = WSGIHandler(), urlencode(fields).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "http",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "HTTP_HX_REQUEST": "true",
        "HTTP_X_CSRFTOKEN": "b" * 32,
        "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={session_key}; {settings.CSRF_COOKIE_NAME}={'b' * 32}",
    }

    def call(address: str) -> tuple[str, bytes]:
        said: list[str] = []
        sent = environ | {
            "PATH_INFO": address,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        parts = handler(sent, lambda status, headers, exc_info=None: said.append(status))  # type: ignore[arg-type]
        answer = b"".join(parts)
        parts.close()  # type: ignore[attr-defined]
        return said[0], answer

    return call


def _learn(fields: dict[str, str], member: Member) -> None:
    """Keep what the real view gives to its template for this form, as the yardstick's constants."""
    _shown.clear()
    _shown.update(studio.check_of(QueryDict(urlencode(fields)), member))


def _cpu_ms(call: Callable[[str], tuple[str, bytes]], address: str) -> float:
    started = time.process_time_ns()
    for _ in range(BATCH):
        call(address)
    return (time.process_time_ns() - started) / BATCH / 1e6


def _measured(call: Callable[[str], tuple[str, bytes]]) -> tuple[float, float]:
    check, yardstick = [], []
    for _ in range(ROUNDS):
        check.append(_cpu_ms(call, ADDRESS))
        yardstick.append(_cpu_ms(call, CONSTANTS))
    return statistics.median(check), statistics.median(yardstick)


def _queries(call: Callable[[str], tuple[str, bytes]]) -> int:
    call(ADDRESS)  # the account is remembered for two seconds
    with CaptureQueriesContext(connection) as asked:
        call(ADDRESS)
    return len(asked)


def _session(member: Member) -> str:
    """Sign a person in, as their browser's cookie would say it."""
    session = SessionStore()
    session["_auth_user_id"], session["_auth_user_backend"] = (
        str(member.user_id),
        settings.AUTHENTICATION_BACKENDS[0],
    )
    session["_auth_user_hash"] = member.user.get_session_auth_hash()
    session.save()
    assert session.session_key
    return session.session_key


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


@override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost"], STORAGES=_PLAIN)
def run() -> list[Figure]:
    call_command("migrate", verbosity=0)
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    member = make_member()
    asset = make_asset(member)
    key = _session(member)
    figures = []
    for name, fields in _forms(asset).items():
        call = _caller(key, fields)
        _learn(fields, member)
        (status, real), (_, same) = call(ADDRESS), call(CONSTANTS)
        assert status.startswith("200") and real == same, (
            f"the yardstick renders something else: {name}"
        )
        check, yardstick = _measured(call)
        figures += [
            Figure(f"CPU of a check, {name}", f"{check:.2f} ms"),
            Figure("CPU of a signed-in view of the same fragment", f"{yardstick:.2f} ms"),
            promised(
                "check against that view", check / yardstick, at_most=MOST, digits=2, unit=" times"
            ),
        ]
    empty = _queries(call)
    _fill(member, asset, MANY)
    full = _queries(call)
    return [
        *figures,
        Figure("queries of a check, empty gallery", str(empty)),
        promised(f"queries of a check, {MANY:,} generations", full, at_most=empty),
    ]

"""Every answer carries an id that its log lines carry too; what failed or was slow has a line of
its own.
"""

import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from editorapp.core import logs
from editorapp.core.middleware import RequestId


def answered(status: int = 200, seen: list[str] | None = None, **headers: str) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        (seen if seen is not None else []).append(logs.request_id())
        return HttpResponse(status=status)

    return RequestId(view)(RequestFactory().get("/studio/?prompt=a+heron", headers=headers))


def test_a_proxys_id_is_used_and_answered():
    seen: list[str] = []

    response = answered(seen=seen, **{"X-Request-ID": "proxy-12345678"})

    assert (response["X-Request-ID"], seen) == ("proxy-12345678", ["proxy-12345678"])
    assert logs.request_id() == ""


def test_one_that_could_harm_a_log_is_replaced():
    response = answered(**{"X-Request-ID": "x" * 500})

    assert len(response["X-Request-ID"]) == 32


@pytest.mark.parametrize(("status", "slow_after", "why"), [(503, 60, "failed"), (200, 0, "slow")])
def test_a_failed_or_slow_request_has_a_line_without_its_query(
    status, slow_after, why, settings, caplog
):
    settings.SLOW_REQUEST_SECONDS = slow_after

    with caplog.at_level(logging.INFO):
        answered(status)

    (record,) = caplog.records
    assert record.getMessage() == f"GET /studio/: {why}"
    assert record.fields["status"] == status


def test_an_ordinary_request_has_none(caplog):
    with caplog.at_level(logging.INFO):
        answered()

    assert not caplog.records

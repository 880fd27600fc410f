"""A request that a server of the tests still answers is seen, and waited for: tests/in_flight.py."""

import threading

import httpx
import pytest
from django.core.signals import request_started

from tests import in_flight
from tests.patience import PATIENCE_SECONDS


def test_a_request_is_waited_for_until_it_is_answered(live_server, monkeypatch) -> None:
    may_answer = threading.Event()

    def hold(**_signal: object) -> None:
        may_answer.wait(PATIENCE_SECONDS)

    with in_flight.watched() as requests:
        request_started.connect(hold)
        try:
            # Its asker goes away, as a closed page does; the answer is still being made.
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{live_server.url}/sign-in", timeout=0.3)
            with monkeypatch.context() as impatient:
                impatient.setattr(in_flight, "PATIENCE_SECONDS", 0.05)
                assert not requests.wait()
        finally:
            may_answer.set()
            request_started.disconnect(hold)

        assert requests.wait()

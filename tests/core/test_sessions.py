"""Sessions: read by a compiled query, and good for as long as Django's own are."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from editorapp.core.sessions import SessionStore

pytestmark = pytest.mark.django_db


def kept() -> SessionStore:
    session = SessionStore()
    session["here"] = "gallery"
    session.save()
    return session


def test_a_session_is_found_by_its_key_alone():
    one, other = kept(), kept()

    assert SessionStore(one.session_key)["here"] == "gallery"
    assert one.session_key != other.session_key
    assert SessionStore(one.session_key + "x").get("here") is None


def test_what_another_request_wrote_is_read():
    key = kept().session_key
    other = SessionStore(key)
    other["here"] = "queue"
    other.save()

    assert SessionStore(key)["here"] == "queue"


def test_a_session_that_has_ended_is_empty_and_its_key_is_let_go():
    key = kept().session_key
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    session = SessionStore(key)

    assert session.get("here") is None
    assert session.session_key is None


def test_a_session_that_was_ended_elsewhere_is_empty():
    key = kept().session_key
    SessionStore(key).flush()

    assert SessionStore(key).get("here") is None

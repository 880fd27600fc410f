"""Handing over a task: after the commit, and never with an error."""

import logging

import pytest
from django.db import transaction
from django_q.conf import Conf

from editorapp.core import task_queue
from tests.queued import waiting

TASK = "editorapp.generations.tasks.beat"


def test_a_task_waits_for_the_commit(transactional_db) -> None:
    with transaction.atomic():
        task_queue.send(TASK)
        before = waiting()

    assert before == []
    assert waiting() == [("beat", ())]


def test_what_is_rolled_back_asks_for_nothing(transactional_db) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        task_queue.send(TASK)
        raise ZeroDivisionError

    assert waiting() == []


@pytest.mark.parametrize("is_inside", [True, False])
def test_a_queue_that_does_not_answer_is_logged_and_stops_nobody(
    transactional_db, monkeypatch, caplog, is_inside
):
    monkeypatch.setattr(Conf, "ORM", None)
    monkeypatch.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")

    with caplog.at_level(logging.ERROR):
        if is_inside:
            with transaction.atomic():
                task_queue.send(TASK)
        else:
            task_queue.send(TASK)

    assert "Error calling" in caplog.text and "127.0.0.1:1" in caplog.text

"""A tiny Django app: a paid call that nobody answers is given up after seconds, not after the
minute that is usual.
"""

from django.apps import AppConfig

PAID_DEADLINE_SECONDS = (
    2.5  # a run has wishes whose call hangs, and their outcome is to be settled while it lasts
)


class ImpatientConfig(AppConfig):
    name = "tests.kill"
    label = "kill"

    def ready(self) -> None:
        from editorapp.providers.http import session

        session.PAID_DEADLINE_SECONDS = PAID_DEADLINE_SECONDS

"""`python manage.py queue`: the workers that call the providers and carry the files."""

from typing import Any

from django.core.management.base import BaseCommand

from editorapp.generations.worker import cluster


class Command(BaseCommand):
    help = "Start the queue's workers. SIGTERM: nothing new is begun, and paid calls under way are waited for."

    def handle(self, *args: Any, **options: Any) -> None:
        cluster.run()

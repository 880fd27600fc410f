"""`python manage.py check_ledger`: exit code 0 only when the books balance."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from editorapp.costs.check import differences
from editorapp.costs.models import Entry


class Command(BaseCommand):
    help = "Prove that reserved = charged + released + held, and that every kept sum equals its lines."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = differences()
        for sentence in wrong:
            self.stderr.write(sentence)
        if wrong:
            raise CommandError(f"The ledger does not balance: {len(wrong)} differences.")
        self.stdout.write(f"The ledger balances: {Entry.objects.count()} lines.")

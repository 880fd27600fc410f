"""`python manage.py check_ledger`: exit code 0 only when the books balance."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from editorapp.generations.checks.books import audit


class Command(BaseCommand):
    help = (
        "Prove that reserved = charged + released + held, that every kept sum equals its lines, and that each state "
        "says the same of its money. Reads one instant and locks nobody out. Exit code 1 and a sentence for each "
        "difference where it does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="say it as one JSON object on standard output",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit()
        if options["json"]:
            told = {"balances": not found.differences, **vars(found)}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            for sentence in found.differences:
                self.stderr.write(sentence)
        if found.differences:
            count = len(found.differences)
            raise CommandError(f"The ledger does not balance: {count} differences.")
        if not options["json"]:
            self.stdout.write(
                f"The ledger balances: {found.lines} lines about {found.attempts} attempts."
            )

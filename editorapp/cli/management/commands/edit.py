"""`manage.py edit SOURCE ... --prompt TEXT ...`: one or several takes from a script, as from the
page.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from editorapp.cli.edit import arguments, output
from editorapp.cli.edit.output import Json, Takes
from editorapp.cli.members import acting_member
from editorapp.cli.temporary_engine import OwnEngine, show_progress
from editorapp.core import private_files
from editorapp.costs.models import PriceQuote
from editorapp.exports.provenance.ai_mark import mark_of
from editorapp.exports.provenance.leaving import leaving_whole
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.enqueue import (
    Draft,
    OverBudget,
    RequestRefused,
    enqueue_all,
)
from editorapp.media.models import Asset
from editorapp.ops.preparing import prepare_database
from editorapp.ops.processes import NotStarted
from editorapp.providers import accounts, capability_discovery
from editorapp.providers.registry import UnknownProvider
from editorapp.teams.roles import Act

DONE, FAILED, REFUSED, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 130
# What says in one sentence why nothing was sent.
NOT_SENT = (
    arguments.BadArgument,
    UnknownProvider,
    accounts.NoAccount,
    OverBudget,
    PermissionDenied,
)

Outcome = tuple[int, Json, str]  # exit code, JSON, words


class Command(BaseCommand):
    help = (
        "Edit, generate, reframe or modify a clip: check, estimate, queue, wait, and write the verified result to a "
        "file. With --dry-run nothing is sent: the verdict, the price and the exact body are printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the one answer and leave."""
        self.options = options
        self.is_awaited = bool(options["wait"] or options["output"])
        self.made: list[Generation] = []
        try:
            code, data, words = self._outcome()
        except RequestRefused as refusal:
            code, data, words = _refused(refusal)
        except NOT_SENT as error:
            words = str(error)
            code, data = REFUSED, {"state": "refused", "accepted": False, "message": words}
        show_progress("")
        said = json.dumps({"exit_code": code, **data}, indent=2, default=str)
        self.stdout.write(said if options["json"] else words)
        raise SystemExit(code)

    def _outcome(self) -> Outcome:
        drafts = self._drafts()
        if self.options["dry_run"]:
            return _foreseen(drafts)
        try:
            self._run(drafts)
        except NotStarted as error:
            return self._broken_off(FAILED, str(error))
        except KeyboardInterrupt:
            return self._broken_off(INTERRUPTED, _what_goes_on(self.made))
        return self._results() if self.is_awaited else _queued(self.made)

    def _broken_off(self, code: int, words: str) -> Outcome:
        known = output.result(self.made[0]) if self.made else {"state": "not sent"}
        return code, {**known, "message": words}, words

    def _drafts(self) -> list[Draft]:
        """Read the command line, and take the files that it names into the store."""
        options = self.options
        arguments.check_texts(options)
        arguments.check_output(options)
        prepare_database(self.stderr.write)
        member = acting_member(options["as"], Act.CREATE)
        if member is None:
            raise arguments.BadArgument(f"There is nobody called {options['as']} who may create.")
        self.member = member
        if not options["dry_run"]:  # which asks nobody
            capability_discovery.test_new()
        account = arguments.chosen_account(options, member)
        for one in accounts.unproven(accounts.made(member.team)) if account.is_simulated else ():
            # There is a key, and it does not count.
            self._note(f"The simulator answers: {one.doubt or f'{one.name} was not tested yet.'}")
        return arguments.drafts(options, member, account)

    def _run(self, drafts: Sequence[Draft]) -> None:
        """Ask for the price where that is needed, queue the takes, and follow them where that is
        wanted.

        Raises: RequestRefused, OverBudget, NotStarted.
        """
        account = drafts[0].account
        seconds = self.options["timeout"]
        with OwnEngine(needs_simulator=account.is_simulated, seconds=seconds) as engine:
            for draft in dict.fromkeys(drafts):
                self._ask_price(draft, engine)
            if not self.is_awaited:
                engine.stop()  # or it would begin with the take, and be ended in the midst of it
            made = self.made = enqueue_all(drafts, member=self.member)
            price = output.total_in_words(len(made), output.held(made))
            if len(made) == 1:
                price = output.price_in_words(_checked(drafts[0]))
            self._note(f"{output.named(made)} queued at {account}. {price}")
            if self.is_awaited:
                engine.wait_until(
                    lambda: all([_is_over(one) for one in made]),
                    doing=lambda: output.progress(made),
                )

    def _ask_price(self, draft: Draft, engine: OwnEngine) -> None:
        """Ask for the provider's own price where none is published, unless it is known. Free."""
        if not draft.is_quoted or output.refusals(_checked(draft)):
            return  # enqueue says what is wrong
        quote, name = quotes.find(draft), draft.spec.name
        if quote is None or quote.state != PriceQuote.State.KNOWN:
            self._note(f"{name} publishes no price for this and is asked, which is free.")
            quotes.ask(draft, member=self.member)
        engine.wait_until(
            lambda: not _is_asking(draft),
            doing=lambda: f"Asking {name}",
        )

    def _results(self) -> Outcome:
        """Write the results to where they were asked for (one: a file; several: a folder), and end
        with the code of the worst of them.
        """
        made, is_one = self.made, len(self.made) == 1
        kept = [_kept(one, self.options["output"], is_one=is_one) for one in made]
        codes, takes, words = zip(*kept, strict=True)
        # An unknown outcome is the worst.
        return max(codes), _told(made, takes), "\n".join(words)

    def _note(self, line: str) -> None:
        self.stderr.write(line, style_func=str)  # Django would paint it as an error


def _checked(draft: Draft) -> Verdict:
    return check(draft, with_options=False, quote=quotes.find(draft))


def _foreseen(drafts: Sequence[Draft]) -> Outcome:
    """Say what would happen, and what exactly would be sent; each different take once."""
    verdicts = {one: _checked(one) for one in dict.fromkeys(drafts)}
    is_refused = any(output.refusals(one) for one in verdicts.values())
    code = REFUSED if is_refused else DONE
    words = "\n".join(map(output.request_in_words, verdicts.values()))
    if len(drafts) == 1:
        return code, output.as_json(verdicts[drafts[0]]), words
    total = output.total([verdicts[one] for one in drafts])
    data = {
        "accepted": code == DONE,
        "takes": len(drafts),
        **total,
        "requests": [
            {**output.as_json(verdict), "takes": drafts.count(one)}
            for one, verdict in verdicts.items()
        ],
    }
    return code, data, f"{words}\n{output.total_in_words(len(drafts), total)}"


def _refused(refusal: RequestRefused) -> Outcome:
    verdict = refusal.verdict
    said = {"state": "refused", "message": str(refusal), **output.as_json(verdict)}
    words = output.in_words(verdict)
    if not output.refusals(verdict):  # only the price is missing: it was asked for, in vain
        said["accepted"], words = False, f"{refusal} Nothing was sent."
    return REFUSED, said, words


def _queued(made: Takes) -> Outcome:
    are, them = ("is", "it") if len(made) == 1 else ("are", "them")
    words = f"{output.named(made)} {are} queued; a running studio sends {them}."
    return DONE, _told(made, [output.result(one) for one in made]), words


def _told(made: Takes, takes: Sequence[Json]) -> Json:
    if len(made) == 1:
        return takes[0]
    return {"batch": made[0].batch, **output.held(made), "takes": takes}


def _is_asking(draft: Draft) -> bool:
    quote = quotes.find(draft)
    return quote is not None and quote.state == PriceQuote.State.ASKING


def _is_over(take: Generation) -> bool:
    take.refresh_from_db()
    return take.is_final or take.is_unknown


def _what_goes_on(made: Takes) -> str:
    if not made:
        return "Nothing was sent."
    goes = "goes" if len(made) == 1 else "go"
    return f"{output.named(made)} {goes} on: start a studio, or look for it in the gallery."


def _kept(take: Generation, to: str | None, *, is_one: bool) -> Outcome:
    """Write a result where it was asked for; its frames go beside it."""
    if to and not is_one:
        to = str(Path(to) / f"take-{take.pk}.mp4")
    said = output.result(take)
    if not take.is_done or take.result is None:
        return _not_done(take, said, is_one=is_one)
    try:
        if to:
            _write(take, take.result, Path(to))
        if to and take.exr:
            _write(take, take.exr, Path(to).with_suffix(".exr.zip"))
    except OSError as error:
        words = f"#{take.pk} is done and kept, but {to} cannot be written: {error.strerror}."
        return FAILED, {**said, "message": words}, words
    words = f"#{take.pk} is done: {to or take.result.name}, {output.cost(take)}"
    return DONE, {**said, "output": to}, words


def _not_done(take: Generation, said: Json, *, is_one: bool) -> Outcome:
    code = FAILED if take.is_final else UNKNOWN
    state = take.get_state_display().lower()
    if not is_one:
        return code, said, f"#{take.pk}: {take.failure_message or f'it is {state}.'}"
    words = take.failure_message or f"#{take.pk} is still {state}."
    return code, {**said, "message": words}, words


def _write(take: Generation, asset: Asset, to: Path) -> None:
    """Write a file of a take to where it was asked for, with the mark of what leaves; what is there
    already is replaced whole or not at all.
    """
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        _made, pieces = leaving_whole(asset, mark_of(take), name=to.name, now=timezone.now())
        with part.open("wb") as file:
            file.writelines(pieces)
        private_files.hand_out(part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)

"""`python manage.py edit SOURCE --prompt TEXT ...`: one edit from a script, the same way as from the page."""

import json
import logging
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from editorapp.core.money import ZERO, show_usd
from editorapp.costs.ledger import OverBudget
from editorapp.generations.enqueue import Refused, enqueue
from editorapp.generations.models import Generation
from editorapp.generations.verdict import Verdict, weigh
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.providers.contract import STRENGTHS
from editorapp.providers.models import default_account
from editorapp.providers.registry import UnknownProvider
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member
from editorapp.web import edit_arguments
from editorapp.web.engine_room import (
    EngineLock,
    is_silent,
    look_after,
    prepare_database,
    start_engine,
    start_simulator,
)
from editorapp.web.processes import NotStarted, Processes

DONE, FAILED, REFUSED, UNKNOWN = 0, 1, 2, 3


class Command(BaseCommand):
    help = "Edit a clip with Ray 3.2: check, estimate, queue, wait, and write the verified result to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("source", nargs="?", metavar="SOURCE", help="a file, an https URL, generation:ID or file:ID")
        add("--prompt", required=True, metavar="TEXT", help="what should change, 1 to 6,000 characters")
        add("--parent", metavar="GENERATION", help="edit the result of this take (its number or the provider's id)")
        add("--provider", default="luma-agents", metavar="SLUG", help="who does it (default luma-agents)")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--strength", choices=STRENGTHS, metavar="NAME", help=f"one of {', '.join(STRENGTHS)}")
        how.add_argument("--auto", action="store_true", help="automatic controls (the default)")
        add("--control", action="append", default=[], metavar="NAME=VALUE", help="pose=precise|coarse, depth|normals|"
            "trajectory=0..1, face=on; may be repeated")  # fmt: skip
        guides = parser.add_mutually_exclusive_group()
        guides.add_argument("--guide", metavar="FILE", help="a picture as the single guide frame")
        guides.add_argument("--keyframe", action="append", default=[], metavar="INDEX=FILE", help="a picture pinned to "
                            "a frame of the source, counted from 0; up to 64")  # fmt: skip
        add("--resolution", metavar="NAME", help="360p, 540p, 720p or 1080p (the provider's default is 720p)")
        add("--hdr", action="store_true", help="high dynamic range (720p and 1080p)")
        add("--exr", action="store_true", help="EXR frames too (with --hdr)")
        add(
            "--wait",
            action="store_true",
            help="wait for the result; else only queue it",
        )
        add("--output", metavar="FILE", help="where to write the result (implies --wait)")
        add("--timeout", type=float, default=3600, metavar="SECONDS", help="how long to wait (default an hour)")
        add("--dry-run", action="store_true", help="print verdict, estimate and the exact body; send nothing")
        add("--json", action="store_true", help="print one JSON object")
        add("--as", dest="username", metavar="NAME", help="the person who pays (default: the owner)")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("django-q").setLevel(logging.WARNING)  # each wake-up of the queue would be a line
        self.as_json: bool = options["json"]
        try:
            edit_arguments.check_output(options)
            prepare_database()
            member = _member(options["username"])
            account = default_account(options["provider"])
            composed = edit_arguments.compose(options, member)
        except (edit_arguments.BadArgument, UnknownProvider) as error:
            self._end(REFUSED, {"state": "refused", "accepted": False, "message": str(error)}, str(error))
        verdict = weigh(composed.wanted, composed.source_asset, account)
        if options["dry_run"]:
            self._end(DONE if verdict.can_send else REFUSED, _said(verdict), _in_words(verdict, body=True))
        try:
            generation = enqueue(
                composed.wanted, account=account, member=member,
                source_asset=composed.source_asset, parent=composed.parent,
            )  # fmt: skip
        except Refused as refusal:
            said = {"state": "refused", "message": str(refusal), **_said(refusal.verdict)}
            self._end(REFUSED, said, _in_words(refusal.verdict, body=False))
        except OverBudget as error:
            self._end(REFUSED, {"state": "refused", "accepted": False, "message": str(error)}, str(error))
        self._note(f"Take {generation.pk} queued at {account}. {_price(verdict)}")
        if not (options["wait"] or options["output"]):
            self._end(DONE, _result(generation), f"Take {generation.pk} is queued; a running studio sends it.")
        try:
            _wait(generation, account.is_simulated, seconds=options["timeout"], show=self._progress)
        except NotStarted as error:
            self._end(FAILED, {**_result(generation), "message": str(error)}, str(error))
        except KeyboardInterrupt:
            words = f"Take {generation.pk} goes on: start a studio, or look for it in the gallery."
            self._end(130, {**_result(generation), "message": words}, words)
        self._finish(generation, options["output"])

    def _finish(self, generation: Generation, output: str | None) -> None:
        """Write the result where it was asked for and end with the code that says what happened."""
        if not generation.is_done or generation.result is None:
            code = UNKNOWN if not generation.is_final else FAILED
            words = (
                generation.failure_message or f"Take {generation.pk} is still {generation.get_state_display().lower()}."
            )
            self._end(code, {**_result(generation), "message": words}, words)
        assert generation.result is not None
        if output:
            try:
                _write(generation.result, Path(output))
                if generation.exr is not None:
                    _write(generation.exr, Path(output).with_suffix(".exr.zip"))
            except OSError as error:
                words = f"Take {generation.pk} is done and kept, but {output} cannot be written: {error.strerror}."
                self._end(FAILED, {**_result(generation), "message": words}, words)
        cost = f"{show_usd(generation.cost_usd or ZERO)}{' (estimated)' if generation.cost_is_estimated else ''}"
        simulated = " Simulated: nothing was paid." if generation.is_simulated else ""
        words = f"Take {generation.pk} is done: {output or generation.result.name}, {cost}.{simulated}"
        self._end(DONE, {**_result(generation), "output": output}, words)

    def _end(self, code: int, data: dict[str, Any], words: str) -> None:
        """Print the one answer and leave."""
        self._progress("")
        self.stdout.write(json.dumps({"exit_code": code, **data}, indent=2, default=str) if self.as_json else words)
        raise SystemExit(code)

    def _note(self, line: str) -> None:
        self.stderr.write(line, style_func=str)  # Django would paint it as an error

    def _progress(self, line: str) -> None:
        """Rewrite the progress line, on a terminal only."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()


def _wait(generation: Generation, is_simulated: bool, *, seconds: float, show: Any) -> None:
    """Follow the take to its end, with an engine of our own where nobody runs one.

    Raises: NotStarted.
    """
    started, processes = time.monotonic(), None
    with EngineLock() as lock:
        try:
            while time.monotonic() - started < seconds:
                generation.refresh_from_db()
                if generation.is_final or generation.is_unknown:
                    return
                if processes is None and lock.take("a script") and is_silent():
                    processes = _start_own_engine(is_simulated, show)
                if processes is not None:
                    look_after(processes)
                show(f"{generation.get_state_display()} ... {time.monotonic() - started:.0f} s")
                time.sleep(0.25)
        finally:
            if processes is not None:
                processes.stop(seconds=10)


def _start_own_engine(is_simulated: bool, show: Any) -> Processes:
    processes = Processes({}, say=lambda line: show(line))
    try:
        if is_simulated and not settings.SIMULATOR_URL:
            start_simulator(processes)
        start_engine(processes)
    except BaseException:
        processes.stop(seconds=2)
        raise
    return processes


def _write(asset: Asset, to: Path) -> None:
    """Copy a kept file to where it was asked for; what is there already is replaced whole or not at all."""
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(store.path(asset.sha256, store.ORIGINAL), part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _member(username: str | None) -> Member:
    if username is None:
        return ensure_owner()
    found = Member.objects.select_related("team", "user").filter(user__username=username).order_by("pk").first()
    if found is None or not found.may_create:
        raise edit_arguments.BadArgument(f"There is nobody called {username} who may create.")
    return found


def _said(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON."""
    estimate = verdict.estimate
    return {
        "accepted": verdict.can_send,
        "broken": [
            {"rule": row.rule_id, "field": row.field, "level": row.level, "message": row.message}
            for row in (*verdict.refusals, *verdict.warnings)
        ],
        "estimate": estimate and {
            "low_usd": estimate.low_usd, "high_usd": estimate.high_usd,
            "basis": estimate.basis, "as_of": estimate.as_of,
        },
        "body": verdict.body,
    }  # fmt: skip


def _price(verdict: Verdict) -> str:
    estimate = verdict.estimate
    if estimate is None:
        return "No price is published for this."
    low, high = show_usd(estimate.low_usd), show_usd(estimate.high_usd)
    return f"{low if low == high else f'{low} to {high}'}: {estimate.basis}."


def _in_words(verdict: Verdict, *, body: bool) -> str:
    lines = [
        f"{'Refused' if row.level == 'refuse' else 'Note'} ({row.rule_id}): {row.message}"
        for row in (*verdict.refusals, *verdict.warnings)
    ]
    lines.append("This can be sent." if verdict.can_send else "Nothing was sent.")
    if verdict.can_send:
        lines.append(_price(verdict))
    if body:
        lines.append(json.dumps(verdict.body, indent=2, ensure_ascii=False))
    return "\n".join(lines)


def _result(generation: Generation) -> dict[str, Any]:
    result = generation.result
    return {
        "generation": generation.pk,
        "state": generation.state,
        "provider": generation.provider,
        "provider_generation_id": generation.chain_id,
        "simulated": generation.is_simulated,
        "estimate_low_usd": generation.estimate_low_usd,
        "estimate_high_usd": generation.estimate_high_usd,
        "cost_usd": generation.cost_usd,
        "cost_is_estimated": generation.cost_is_estimated,
        "message": generation.failure_message,
        "facts": result and {
            "width": result.width, "height": result.height, "fps": f"{result.fps_numerator}/{result.fps_denominator}",
            "frame_count": result.frame_count, "duration_seconds": float(result.duration_seconds),
            "has_audio": result.has_audio, "hdr": result.hdr,
        },
    }  # fmt: skip

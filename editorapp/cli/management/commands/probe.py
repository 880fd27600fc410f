"""Probe command, `manage.py probe FILE...`: what an upload of these files would find. Stores nothing."""

import json
from argparse import ArgumentParser
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from editorapp.core.timecode import show_fps
from editorapp.media.facts import MediaFacts
from editorapp.media.probe import probe
from editorapp.media.refusals import Refusal, show_length

Json = dict[str, Any]  # one object


class Command(BaseCommand):
    """Measure clips and pictures as an upload would, and say which are taken."""

    help = "Measure clips and pictures as an upload would: say which are taken, and of the others why not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="print a JSON list, one object a file",
        )

    def handle(
        self,
        *,
        files: list[str],
        as_json: bool,
        **options: Any,
    ) -> None:
        found = [_look_at(file) for file in files]
        if as_json:
            said = json.dumps(found, indent=2, ensure_ascii=False)
        else:
            said = "\n".join(map(_line, found))
        self.stdout.write(said)
        if not all(one["accepted"] for one in found):
            raise SystemExit(1)


def _look_at(file: str) -> Json:
    # Bytes that are no text are shown as question marks, and not written to the terminal as they
    # are.
    name = file.encode("utf-8", "replace").decode()
    told = {
        "file": name,
        "accepted": True,
        "reason": None,
        "message": "",
        "facts": None,
    }
    try:
        return told | {"facts": _facts(probe(Path(file)))}
    except Refusal as refusal:
        return told | {"accepted": False, "reason": refusal.code, "message": refusal.message}


def _facts(facts: MediaFacts) -> Json:
    """Return the facts as JSON has them: the rate a fraction in text, the duration a number of
    seconds.
    """
    fps = facts.fps
    return vars(facts) | {
        "fps": f"{fps.numerator}/{fps.denominator}" if fps else None,
        "duration_seconds": float(facts.duration_seconds),
    }


def _line(one: Json) -> str:
    name, facts = _printable(one["file"]), one["facts"]
    if not one["accepted"]:
        return f"{name}: not taken ({one['reason']}). {one['message']}"
    about = facts["codec"] if facts["kind"] == "image" else _about_clip(facts)
    return f"{name}: {facts['width']}x{facts['height']}, {about}"


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)


def _about_clip(facts: Json) -> str:
    varies = " (varies)" if facts["variable_frame_rate"] else ""
    said = [
        f"{show_fps(Fraction(facts['fps']))} fps{varies}",
        f"{facts['frame_count']} frames",
        show_length(facts["duration_seconds"]),
        facts["codec"],
        *_marks(facts),
    ]
    return ", ".join(said)


def _marks(facts: Json) -> list[str]:
    track, tracks = facts["video_track"], facts["video_tracks"]
    marks = {
        "HDR": facts["hdr"],
        "sound": facts["has_audio"],
        f"video track {track} of {tracks}": tracks > 1,
    }
    return [mark for mark, is_on in marks.items() if is_on]

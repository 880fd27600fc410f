"""Refusals: why a file is not taken. Stable codes, and for each one sentence that says what is wrong
and what to do.
"""

from typing import Any

TAKEN = "MP4, MOV, M4V, 3GP, MKV, WebM, AVI, MPEG or OGV"

SENTENCES: dict[str, str] = {
    "empty": "This file is empty (0 bytes): choose it again, or export it once more.",
    "too_big": "This file has {size} and the limit is {limit}: shorten it, or export it at a lower bit rate.",
    "too_long": "This clip runs {length} and the limit is {limit}: shorten it before uploading it.",
    "too_large_picture": "This picture is {width} x {height} pixels and the limit is {limit}: export it smaller.",
    "playlist": "This is a playlist or script that points at other files, not a video: upload the video file itself.",
    "not_media": "This is {what}, not a video: upload an " + TAKEN + " file.",
    "not_picture": "This is {what}, not a picture: upload a JPEG, PNG, WebP or still GIF.",
    "picture_not_video": "This is a picture ({what}), not a clip: use it as a guide frame, or upload a video.",
    "animated_picture": "This is an animated {what}: export it as an MP4 to use it as a clip, or upload a still.",
    "unsupported_picture": "This is a picture of a kind that is not taken ({what}): save it as JPEG, PNG or WebP.",
    "damaged_picture": "This picture cannot be read to its end: save it again as JPEG or PNG.",
    "audio_only": "This file has sound but no picture: export it with its video track, or choose another file.",
    "truncated": "This file is cut off ({detail}): copy or export it again, and upload the whole file.",
    "damaged": "This file cannot be read ({detail}): export it again, best as an H.264 MP4.",
    "unsupported_container": "This is {what}, which is not taken: export it as an "
    + TAKEN
    + " file.",
    "unsupported_codec": "The picture is coded as {codec}, which cannot be read here: export it as an H.264 MP4.",
    "no_frames": "Not one picture of this file can be decoded: export it again, best as an H.264 MP4.",
    "timed_out": "Reading this file took too long and was stopped: export it as an H.264 MP4 and try again.",
    "crashed": "Reading this file made the decoder fail: export it as an H.264 MP4 and try again.",
    "interrupted": "The studio could not look at this file now (its decoder was stopped from outside): try again.",
    "unreadable": "There is no readable file of this name: check the path and its permissions.",
    "no_sound": "This clip has no sound that can be read: choose a source that has some.",
    "no_such_frame": "There is no frame {index}: this clip has the frames 0 to {last}.",
    "bad_archive": "This archive of EXR frames cannot be used ({detail}): fetch the result again.",
    "gone": "This file is not stored any more: upload it again.",
    "storage_away": "The media storage does not answer: nothing is lost; try again in a few minutes.",
    "storage_refused": "The media storage refuses the server's key or bucket: ask an admin to check its settings.",
    "storage_full": "The media storage takes no more files: ask an admin to make room in it, then try again.",
    "storage_damaged": "A stored copy is not what it was when it was stored: ask an admin to restore it from a backup.",
    "cache_full": "The server has no room for a copy of this file: ask an admin to raise RUSHES_CACHE_GB.",
    "disk_full": "The server's disk is full: ask an admin to free some space, then upload this file again.",
}


# Nothing is wrong with the file: the bucket or a decoder cannot be used just now, and later the
# same will do.
_PASSING = {"storage_away", "storage_refused", "storage_full", "interrupted"}
# It is the installation that cannot take or give a file, whatever is in it.
_OURS = _PASSING | {"disk_full", "cache_full", "storage_damaged", "gone"}


class Refusal(Exception):
    """A file, or a frame of it, is refused. `code` is stable, `message` is for people."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.message = SENTENCES[code].format(**details)
        super().__init__(self.message)

    @property
    def is_passing(self) -> bool:
        return self.code in _PASSING

    @property
    def is_ours(self) -> bool:
        """Is the reason here, and not in the file?"""
        return self.code in _OURS

    @classmethod
    def retold(cls, code: str, message: str) -> "Refusal":
        """Return a refusal that was worded elsewhere: in the sandbox's child."""
        refusal = cls.__new__(cls)
        refusal.code, refusal.message, refusal.args = code, message, (message,)
        return refusal


def show_bytes(count: int) -> str:
    """Write a size as people read it: 950 bytes, 1.4 MB (decimal megabytes, as the limits are)."""
    if count < 1000:
        return f"{count} byte" + ("" if count == 1 else "s")
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:,.1f} MB".replace(".0 MB", " MB")


def show_length(seconds: float) -> str:
    """Write a length as people read it: 17.9 s, 10 min, 12 min 5 s."""
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"

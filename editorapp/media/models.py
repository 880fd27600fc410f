"""Assets: the files we keep, with their facts. The bytes live in store.py, named by their hash."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from fractions import Fraction

from django.db import models
from django.utils import timezone

from editorapp.core.constants_in_sql import ConstantIn, one_of
from editorapp.media import visibility
from editorapp.media.display_names import part_name
from editorapp.media.facts import MediaFacts
from editorapp.media.watermark_model import WatermarkedCopy as WatermarkedCopy
from editorapp.teams.models import Member, Team, User

MOST_CUTS = 8  # of a cut of a cut ...

BROUGHT = ("upload", "sample")  # of Asset.Origin


class AssetQuerySet(models.QuerySet["Asset"]):
    def visible_to(self, member: Member) -> "AssetQuerySet":
        """Return the files of the team that somebody sees: all, or see media/visibility.py."""
        return self.of_team(member.team_id).seen_by(member)

    def seen_by(self, member: Member) -> "AssetQuerySet":
        """Return those of their team's files that somebody sees, deleted ones among them."""
        return self if member.sees_all else self.filter(visibility.seen_by(member))

    def of_team(self, team_id: int) -> "AssetQuerySet":
        """Return all files of a team, whoever asks."""
        return self.filter(team_id=team_id, deleted_at=None)

    def brought(self) -> "AssetQuerySet":
        """Return what people brought, by an index of it alone: results are many times as many."""
        return self.filter(ConstantIn("origin", BROUGHT))


class Asset(models.Model):
    """A file of a team: once per team and content."""

    class Kind(models.TextChoices):
        VIDEO = "video"
        IMAGE = "image"
        ARCHIVE = "archive"  # EXR frames as a zip
        UNREADABLE = "unreadable"  # what a provider sent for a paid result and nobody can read

    class Origin(models.TextChoices):
        UPLOAD = "upload", "Uploaded"
        SAMPLE = "sample", "Sample"
        RESULT = "result", "Result"
        FRAME = "frame", "Frame of a source"

    class Proxy(models.TextChoices):
        """The playable copy (transcode) of a clip that browsers cannot play."""

        NOT_NEEDED = "not_needed"
        PENDING = "pending"
        READY = "ready"
        FAILED = "failed"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="assets")
    created_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Who else brought the same bytes: it is theirs to see as well.
    brought_by = models.ManyToManyField(User, related_name="+", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=200)  # shown to people; never part of a path
    kind = models.CharField(max_length=10, choices=Kind.choices)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    is_simulated = models.BooleanField(default=False)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    mime_type = models.CharField(max_length=80)
    container = models.CharField(max_length=40, blank=True)
    codec = models.CharField(max_length=40, blank=True)
    pixel_format = models.CharField(max_length=40, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    rotation = models.SmallIntegerField(default=0)
    fps_numerator = models.PositiveBigIntegerField(default=0)
    fps_denominator = models.PositiveBigIntegerField(default=1)
    frame_count = models.PositiveIntegerField(default=0)
    duration_seconds = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    has_audio = models.BooleanField(default=False)
    hdr = models.BooleanField(default=False)
    hdr_transfer = models.CharField(max_length=8, blank=True)
    variable_frame_rate = models.BooleanField(default=False)
    # Which of the file's video tracks is taken, from 1.
    video_track = models.PositiveSmallIntegerField(default=1)
    video_tracks = models.PositiveSmallIntegerField(default=1)
    proxy = models.CharField(max_length=12, choices=Proxy.choices, default=Proxy.NOT_NEEDED)
    proxy_tries = models.PositiveSmallIntegerField(default=0)  # how often making it was begun

    # The clip that this is a part, a copy or a frame of; what came as a file has none.
    cut_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cuts",
    )

    # What providers are given of it, see outgoing.py: its own hash where it goes as it is, "" while
    # nobody has looked.
    outgoing_sha256 = models.CharField(max_length=64, blank=True, default="", db_index=True)
    outgoing_bytes = models.BigIntegerField(default=0)

    objects = AssetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "sha256"], name="stored_once_per_team")
        ]
        indexes = [
            models.Index(fields=["team", "kind", "-id"], name="asset_newest_by_kind"),
            models.Index(
                fields=["team", "kind", "-id"],
                name="asset_brought",
                condition=models.Q(deleted_at__isnull=True) & one_of("origin", BROUGHT),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fps(self) -> Fraction | None:
        return Fraction(self.fps_numerator, self.fps_denominator) if self.fps_numerator else None

    @property
    def last_frame(self) -> int:
        return max(0, self.frame_count - 1)

    @property
    def is_video(self) -> bool:
        return self.kind == self.Kind.VIDEO

    @property
    def has_other_tracks(self) -> bool:
        """Does the file hold video tracks beside the one that is taken?"""
        return self.video_tracks > 1

    @property
    def is_playable(self) -> bool:
        """Can a browser be given something to play now?"""
        return self.is_video and self.proxy in {self.Proxy.NOT_NEEDED, self.Proxy.READY}

    @property
    def browser_safe(self) -> bool:
        return self.proxy == self.Proxy.NOT_NEEDED

    def cut_chain(self) -> Iterator["Asset"]:
        """Yield the file, what it was cut from, what that was cut from ...: at most MOST_CUTS."""
        one: Asset | None = self
        for _cut in range(MOST_CUTS):
            if one is None:
                return
            yield one
            one = one.cut_from

    def facts(self) -> MediaFacts:
        return MediaFacts(**{fact.name: getattr(self, fact.name) for fact in fields(MediaFacts)})


class ChangeCurve(models.Model):
    """How much each frame of a clip differs from the clip that it was made from.

    `laid`: where the source lies on the clip's picture, as fractions "left top width height".
    """

    class Standing(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        NONE = "none"  # it cannot be said; `reason` says why

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    laid = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=8,
        choices=Standing.choices,
        default=Standing.PENDING,
    )
    tries = models.PositiveSmallIntegerField(default=0)  # how often measuring it was begun
    # 1 - SSIM of each frame, to four places, and their mean.
    values = models.JSONField(default=list)
    mean = models.FloatField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "source", "laid"],
                name="one_curve_of_a_pair",
            )
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                name="curve_waiting",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"change of {self.asset_id} against {self.source_id}"

    @property
    def is_pending(self) -> bool:
        return self.state == self.Standing.PENDING

    @property
    def is_ready(self) -> bool:
        return self.state == self.Standing.READY

    @property
    def most(self) -> int | None:
        """The frame that differs most; None where nothing is known."""
        return self.values.index(max(self.values)) if self.values else None

    @property
    def least(self) -> int | None:
        """The frame that differs least; None where nothing is known."""
        return self.values.index(min(self.values)) if self.values else None


class SourceCopyQuerySet(models.QuerySet["SourceCopy"]):
    def visible_to(self, member: Member) -> "SourceCopyQuerySet":
        clips = {"asset__team_id": member.team_id, "asset__deleted_at": None}
        rows = self.select_related("asset", "made").filter(**clips)
        if member.sees_all:
            return rows
        return rows.filter(asset__in=Asset.objects.visible_to(member).values("pk"))

    def pending(self) -> "SourceCopyQuerySet":
        return self.filter(state=SourceCopy.Making.PENDING)


class SourceCopy(models.Model):
    """A part of a clip, or a converted copy of it, that somebody asked for: made once, by a worker,
    and from then on a clip of its own.

    `conversion`: what is other than in the clip, as trim.Conversion writes it; "": nothing.
    """

    class Making(models.TextChoices):
        PENDING = "pending"
        READY = "ready"  # and nobody has chosen it as a source yet
        CHOSEN = "chosen"
        FAILED = "failed"  # `reason` says why, and what to do

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    first_frame = models.PositiveIntegerField()
    last_frame = models.PositiveIntegerField()
    conversion = models.CharField(max_length=100, blank=True)
    # The clip that is heard with this one, by its row; 0: none. A plain value, because none is
    # equal to none.
    sound_of = models.PositiveBigIntegerField(default=0)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(
        max_length=8,
        choices=Making.choices,
        default=Making.PENDING,
    )
    tries = models.PositiveSmallIntegerField(default=0)  # how often making it was begun
    # A worker makes it; None: it waits for one.
    begun_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField()  # when it was last heard of
    percent = models.PositiveSmallIntegerField(default=0)
    made = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reason = models.TextField(blank=True, default="")

    objects = SourceCopyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "first_frame", "last_frame", "conversion", "sound_of"],
                name="one_copy_of_a_part",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="copy_waiting",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is called, or will be."""
        asset = self.asset
        return part_name(asset.name, self.first_frame, self.last_frame, of=asset.last_frame)

    @property
    def is_pending(self) -> bool:
        return self.state == self.Making.PENDING

    @property
    def is_failed(self) -> bool:
        return self.state == self.Making.FAILED

    @property
    def is_new(self) -> bool:
        """Is it there, and was never chosen?"""
        return self.state == self.Making.READY and self.is_there

    @property
    def is_there(self) -> bool:
        return self.made is not None and self.made.deleted_at is None


class UploadQuerySet(models.QuerySet["Upload"]):
    def under_way(self) -> "UploadQuerySet":
        return self.filter(finished_at=None)

    def clear(self, now: datetime) -> set[str]:
        """Forget what nobody has gone on with for so long; return the tokens of those whose pieces
        must stay.
        """
        self.filter(touched_at__lt=now - Upload.KEPT_FOR).delete()
        return set(self.under_way().values_list("token", flat=True))


class Upload(models.Model):
    """A file on its way in, and afterwards how that ended.

    How far it has come its pieces say (uploads/resumable.py).
    """

    # After its last piece, or after its end: for as long it can be gone on with.
    KEPT_FOR = timedelta(days=1)

    token = models.CharField(max_length=64, unique=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    # What a browser says of a file beside its name and size, so that it is known again; "": it is
    # never known again.
    mark = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)
    # Somebody takes the whole file in, and was alive then.
    claimed_at = models.DateTimeField(null=True, blank=True)

    # How it ended, for whoever never got the answer: with an asset, or with a refusal.
    finished_at = models.DateTimeField(null=True, blank=True)
    asset = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    refusal_code = models.CharField(max_length=40, blank=True, default="")
    refusal_message = models.TextField(blank=True, default="")

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "user", "name", "size_bytes", "mark"],
                condition=models.Q(finished_at=None) & ~models.Q(mark=""),
                name="one_upload_of_a_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.size_bytes} bytes)"

"""Watermarked copies' table; import it from models."""

from django.db import models


class WatermarkedCopy(models.Model):
    """A clip with a text burnt into every frame: see media/watermarked.py."""

    class Marking(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        NONE = "none"  # it cannot be made

    asset = models.ForeignKey("media.Asset", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=120)
    part = models.CharField(max_length=100)  # the file of the clip that it is made from
    key = models.CharField(max_length=64, unique=True)  # what the store keeps it under
    asked_at = models.DateTimeField()
    used_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=Marking.choices, default=Marking.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)  # how often it was begun

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                name="watermark_waiting",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["used_at"], name="watermark_unused"),
        ]

    def __str__(self) -> str:
        return f"copy of {self.asset_id} for {self.text}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.Marking.READY

    @property
    def is_failed(self) -> bool:
        return self.state == self.Marking.NONE

"""Passkeys: keys by which somebody's device signs them in."""

from django.db import models

from editorapp.teams.models.members import User


class Passkey(models.Model):
    """The public half of a key pair that a person's device keeps (WebAuthn)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=80)  # the person's own word for the device
    credential = models.CharField(max_length=1400, unique=True)  # its id, as base64url
    public_key = models.BinaryField()
    sign_count = models.PositiveBigIntegerField(default=0)  # some devices count, others say 0
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

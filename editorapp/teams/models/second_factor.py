"""Second factor: the codes of somebody's phone, and those kept for when it is lost."""

from django.db import models

from editorapp.teams.models.members import User


class SecondFactor(models.Model):
    """A phone that makes codes for one person. Its secret is not stored: it comes of the
    installation's own secret and `nonce`, so the database alone makes no code.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    nonce = models.CharField(max_length=64)
    confirmed_at = models.DateTimeField(null=True, blank=True)  # since then it is asked for
    last_step = models.BigIntegerField(default=0)  # of the last code: none is good twice

    def __str__(self) -> str:
        return f"second factor of {self.user}"


class RecoveryCode(models.Model):
    """A code that stands for the phone, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_sha256 = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "code_sha256"], name="one_recovery_code"),
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"

"""Outside identities: by which account of a single sign-on service somebody is known."""

from django.db import models

from editorapp.teams.models.members import User


class OutsideIdentity(models.Model):
    """An account of an OpenID provider that signs a person in. `subject` is the provider's own name
    for it, which never changes; `label` is what people know it by, as it was when it was linked.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="outside_identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    label = models.CharField(max_length=254)
    linked_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_an_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.user}"

"""Provider accounts, and the files that already lie with them."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import Access
from editorapp.providers.spec import Spec


class ProviderAccount(models.Model):
    """One account with one provider. Results of an account can be chained only within it."""

    provider = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    is_simulated = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    max_concurrent = models.PositiveIntegerField(default=10)
    requests_per_minute = models.PositiveIntegerField(default=30)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="account_name_per_provider")]

    def __str__(self) -> str:
        return self.name

    def access(self) -> Access:
        """Return how to reach this account now. Keys come from the environment and are kept nowhere.

        A simulated account always goes to the simulator with its own key, and a real one never does: where the real
        address is set to another host, that is still the account as configured.
        """
        spec = self.spec
        key = spec.simulated_key if self.is_simulated else key_in_environment(spec)
        return Access(self.pk, self.provider, self.address(), key, is_simulated=self.is_simulated)

    def address(self) -> str:
        """Return the base URL: the simulator's for a simulated account, else as configured."""
        spec = self.spec
        if self.is_simulated:
            return simulator_url() + f"/{self.provider}" + urlsplit(spec.base_url).path
        return settings.ENVIRONMENT.get(spec.base_url_name) or spec.base_url

    @property
    def spec(self) -> Spec:
        """Return what this account's provider can do."""
        spec: Spec = registry.get(self.provider).SPEC
        return spec


class StagedFile(models.Model):
    """A stored file that already lies with a provider, so that it is uploaded once."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="staged")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="staged")
    ref = models.JSONField()  # what `stage` made of it: {"file_id": ...} or {"url": ...}
    staged_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "asset"], name="staged_once_per_account")]

    def __str__(self) -> str:
        return f"{self.asset} at {self.account}"

    def is_usable(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


def key_in_environment(spec: Spec) -> str:
    """Return the key that the environment holds for a provider; "" unless every part of it is there."""
    parts = [settings.ENVIRONMENT.get(name, "").strip() for name in spec.credentials]
    return ":".join(parts) if all(parts) else ""


def simulator_url() -> str:
    """Return where the simulator answers: the setting, or what the running simulator wrote into the data folder."""
    if settings.SIMULATOR_URL:
        return settings.SIMULATOR_URL.rstrip("/")
    try:
        return (settings.RUN_DIR / "simulator.url").read_text().strip().rstrip("/")
    except FileNotFoundError:
        return "http://127.0.0.1:8001"


def default_account(provider: str) -> ProviderAccount:
    """Return the account to use: the real one where a key is configured, else the simulated one; made on first use.

    Raises: UnknownProvider, when the slug is not registered.
    """
    spec: Spec = registry.get(provider).SPEC
    is_real = bool(key_in_environment(spec))
    account, _made = ProviderAccount.objects.get_or_create(
        provider=provider,
        is_simulated=not is_real,
        defaults={
            "name": spec.name if is_real else f"{spec.name} (simulated)",
            "max_concurrent": spec.max_concurrent,
            "requests_per_minute": spec.requests_per_minute,
        },
    )
    return account

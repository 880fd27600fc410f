"""Provider accounts, and the files that already lie with them."""

from datetime import datetime

from django.conf import settings
from django.db import models

from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import Access

SIMULATED_KEY = "luma-api-simulated-0000000000000000"
# The settings that hold a provider's key and address; both come from the environment.
CREDENTIALS = {"luma-agents": ("LUMA_AGENTS_API_KEY", "LUMA_AGENTS_BASE_URL")}


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
        if self.is_simulated:
            return Access(
                self.pk,
                self.provider,
                f"{simulator_url()}/{self.provider}/v1",
                SIMULATED_KEY,
                is_simulated=True,
            )
        key, base_url = CREDENTIALS[self.provider]
        return Access(self.pk, self.provider, getattr(settings, base_url), getattr(settings, key))


class StagedFile(models.Model):
    """A stored file that already lies with a provider, so that it is uploaded once."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="staged")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="staged")
    file_id = models.CharField(max_length=120)
    staged_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "asset"], name="staged_once_per_account")]

    def __str__(self) -> str:
        return f"{self.asset} at {self.account}"

    def is_usable(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


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
    spec = registry.get(provider).SPEC
    is_real = bool(getattr(settings, CREDENTIALS[provider][0]))
    account, _made = ProviderAccount.objects.get_or_create(
        provider=provider,
        is_simulated=not is_real,
        defaults={
            "name": spec.name if is_real else f"{spec.name} (simulated)",
            "max_concurrent": spec.limits.max_concurrent,
            "requests_per_minute": spec.limits.requests_per_minute,
        },
    )
    return account

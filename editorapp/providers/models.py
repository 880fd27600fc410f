"""Provider accounts, and the files that already lie with them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from editorapp.core import logs
from editorapp.core.money import UsdField
from editorapp.media.models import Asset
from editorapp.providers import registry, secrets
from editorapp.providers.account_capabilities import merged, unit_price_usd
from editorapp.providers.contract import Access
from editorapp.providers.spec import Spec
from editorapp.teams.models import Team, User

SIMULATED_UNIT_USD = Decimal("0.01")


class KeyOrigin(models.TextChoices):
    """Where an account's key comes from."""

    ENVIRONMENT = "environment", "environment"
    ADMIN = "admin", "entered here"
    SIMULATED = "simulated", "simulated"


class ProviderAccountQuerySet(models.QuerySet["ProviderAccount"]):
    def of_team(self, team_id: int) -> "ProviderAccountQuerySet":
        """Return the accounts that a team may use: its own, and those that serve all teams."""
        return self.filter(models.Q(team=None) | models.Q(team_id=team_id))


class ProviderAccount(models.Model):
    """One account with one provider, of one team, or of all teams of the installation.

    Its limits hold over all teams that use it; the money is in the books of the team that spends.
    Results can be chained only within an account.

    An account with a key of its own was entered by an admin; one without takes the key from the
    environment, or is simulated.
    """

    provider = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    # Whose it is; None: it serves all teams.
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    is_simulated = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    max_concurrent = models.PositiveIntegerField(default=10)
    requests_per_minute = models.PositiveIntegerField(default=30)
    key_encrypted = models.TextField(blank=True, default="", editable=False)  # see secrets.py
    key_hint = models.CharField(max_length=4, blank=True, default="")  # the key's last characters
    # "": the environment's, else the provider's
    base_url = models.CharField(max_length=300, blank=True, default="")
    # values of SPEC.headers and SPEC.params, by their names
    options = models.JSONField(blank=True, default=dict)
    # what an admin says that one of the provider's units costs
    unit_price_usd = UsdField(null=True, blank=True)
    # what the provider says of its limits: see account_capabilities.py
    learned = models.JSONField(blank=True, default=dict)
    learned_at = models.DateTimeField(null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    test_ok = models.BooleanField(default=False)
    test_message = models.CharField(max_length=600, blank=True, default="")
    # first passed a test or took a job, with whichever key
    proven_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)  # nothing is sent with it since then
    paused_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ProviderAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="account_name_per_provider"),
            models.CheckConstraint(
                condition=models.Q(is_simulated=False) | models.Q(key_encrypted=""),
                name="simulated_has_no_key",
            ),
            # What the environment holds the key of, and the simulator, are the installation's.
            models.CheckConstraint(
                condition=models.Q(team=None) | ~models.Q(key_encrypted=""),
                name="only_an_entered_key_is_a_teams",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def origin(self) -> KeyOrigin:
        if self.is_simulated:
            return KeyOrigin.SIMULATED
        return KeyOrigin.ADMIN if self.key_encrypted else KeyOrigin.ENVIRONMENT

    def serves(self, team_id: int) -> bool:
        """May this team use it?"""
        return self.team_id is None or self.team_id == team_id

    @property
    def spec(self) -> Spec:
        """Return what this account's provider can do, with the limits that it told this account."""
        spec: Spec = registry.get(self.provider).SPEC
        return merged(spec, self.learned)

    @property
    def problem(self) -> str:
        """Return why nothing can be sent with this account, as a sentence; "" where it can be used."""
        if not self.is_enabled:
            return f"The account {self.name} is switched off. An admin can switch it on again."
        try:
            key = self._key()
        except secrets.KeyNotReadable as error:
            return f"The key of {self.name} cannot be read. {error}"
        names = " and ".join(self.spec.credentials)
        return (
            "" if key else f"The key of {self.name} is not in the environment any more ({names})."
        )

    @property
    def doubt(self) -> str:
        """Return what the last connection test found wrong, in sentences; "" where it answered or
        is untested.
        """
        if self.tested_at is None or self.test_ok:
            return ""
        return f"The last test of {self.name} failed. {self.test_message}"

    def has_passed(self, since: datetime) -> bool:
        """Has it answered a connection test since then?"""
        return self.test_ok and self.tested_at is not None and self.tested_at > since

    @property
    def is_refused(self) -> bool:
        """Did this real account fail its last connection test? Then it is nobody's choice but a
        person's.
        """
        return bool(self.doubt) and not self.is_simulated

    def set_key(self, key: str) -> None:
        """Keep another key, encrypted. Not saved yet."""
        logs.secrets.hide(key)
        self.key_encrypted, self.key_hint = secrets.lock(key), key[-4:]

    def forget_tests(self) -> None:
        """Forget what was found out with another key, or at another address. Not saved yet."""
        self.tested_at, self.test_ok, self.test_message = None, False, ""
        self.learned, self.learned_at = {}, None

    def access(self) -> Access:
        """Return how to reach this account now.

        A key that cannot be read is none: `problem` says why.

        A simulated account always goes to the simulator with its own key, and a real one never
        does: where the real address is set to another host, that is still the account as
        configured.
        """
        try:
            key = self._key()
        except secrets.KeyNotReadable:
            key = ""
        price, source = self.unit_price_and_source()
        return Access(
            self.pk,
            self.provider,
            self.address(),
            key,
            is_simulated=self.is_simulated,
            headers=self._options(self.spec.headers),
            params=self._options(self.spec.params),
            unit_price_usd=price,
            is_unit_price_listed=source == self._as_listed,
        )

    def address(self) -> str:
        """Return the base URL: the simulator's for a simulated account, else as configured."""
        if self.is_simulated:
            return f"{simulator_url()}/{self.provider}{urlsplit(self.spec.base_url).path}"
        return self.base_url or self.usual_address()

    def usual_address(self) -> str:
        """Return the base URL where none is set for the account: the environment's, else the
        provider's.
        """
        return settings.ENVIRONMENT.get(self.spec.base_url_name) or self.spec.base_url

    @property
    def leads_elsewhere(self) -> bool:
        """Did an admin enter a base URL on another server than the provider's own, and the
        environment's?
        """
        usual = (_server(self.spec.base_url), _server(self.usual_address()))
        return bool(self.base_url) and _server(self.base_url) not in usual

    def unit_price(self) -> Decimal | None:
        """Return the dollars of one of the provider's own units, where it counts in them and
        anybody has said so.
        """
        return self.unit_price_and_source()[0]

    def unit_price_and_source(self) -> tuple[Decimal | None, str]:
        """Return that price and who says so: an admin before the environment, and that before the
        provider itself.
        """
        if not self.spec.unit:
            return None, ""
        if self.unit_price_usd is not None:
            return self.unit_price_usd, "set here"
        if self.is_simulated:
            return SIMULATED_UNIT_USD, "made up"
        name = self.spec.unit_price_name
        if price := unit_price_usd({"unit_price_usd": _in_environment(name)}):
            return price, f"from {name}"
        return unit_price_usd(self.learned), self._as_listed

    @property
    def _as_listed(self) -> str:
        return f"as {self.spec.name} lists its packs"

    def _key(self) -> str:
        if self.is_simulated:
            return self.spec.simulated_key
        kept = self.key_encrypted
        key = secrets.unlock(kept) if kept else key_in_environment(self.spec)
        logs.secrets.hide(key)
        return key

    def _options(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return the values of headers or parameters; those in the environment belong to the key
        that lies there.
        """
        if self.is_simulated:
            return {}
        kept = self.options if self.origin is KeyOrigin.ADMIN else {}
        found = {
            name: kept.get(name) or ("" if self.key_encrypted else _in_environment(variable))
            for name, variable in names.items()
        }
        return {name: value for name, value in found.items() if value}


class TeamAccount(models.Model):
    """The account that a team uses unless somebody chooses another."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="default_account")
    account = models.ForeignKey(
        ProviderAccount, on_delete=models.CASCADE, related_name="default_of"
    )

    def __str__(self) -> str:
        return f"{self.account} for {self.team}"


class StagedFile(models.Model):
    """A stored file that already lies with a provider, so that it is uploaded once."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="staged")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="staged")
    ref = models.JSONField()  # what `stage` made of it: {"file_id": ...} or {"url": ...}
    staged_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "asset"], name="staged_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.asset} at {self.account}"

    def is_usable(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


def key_in_environment(spec: Spec) -> str:
    """Return the key that the environment holds for a provider; "" unless every part of it is
    there.
    """
    parts = list(map(_in_environment, spec.credentials))
    return ":".join(parts) if all(parts) else ""


def _in_environment(name: str) -> str:
    return settings.ENVIRONMENT.get(name, "").strip()


def _server(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]


def simulator_url() -> str:
    """Return where the simulator answers: the setting, or what the running simulator wrote into the
    data folder.
    """
    if settings.SIMULATOR_URL:
        return settings.SIMULATOR_URL.rstrip("/")
    try:
        return (settings.RUN_DIR / "simulator.url").read_text().strip().rstrip("/")
    except FileNotFoundError:
        return "http://127.0.0.1:8001"


def keyless_account(provider: str, *, is_simulated: bool) -> ProviderAccount:
    """Return the simulated account of a provider, or the one whose key lies in the environment;
    made on first use.

    Raises: UnknownProvider, when the slug is not registered.
    """
    spec: Spec = registry.get(provider).SPEC
    same = ProviderAccount.objects.filter(
        provider=provider, is_simulated=is_simulated, key_encrypted=""
    )
    found = same.order_by("pk").first()
    if found is not None:
        return found
    account, _made = ProviderAccount.objects.get_or_create(
        provider=provider,
        name=_free_name(spec, is_simulated=is_simulated),
        is_simulated=is_simulated,
        defaults={
            "max_concurrent": spec.max_concurrent,
            "requests_per_minute": spec.requests_per_minute,
        },
    )
    return account


def _free_name(spec: Spec, *, is_simulated: bool) -> str:
    name = f"{spec.name} (simulated)" if is_simulated else spec.name
    named = ProviderAccount.objects.filter(provider=spec.slug, name=name)
    # The one that we want may have been made just now; another is an admin's, who was there first.
    others = named.exclude(is_simulated=is_simulated, key_encrypted="")
    return f"{name} (environment)" if others.exists() else name

"""Account forms: keys go in and never come out, so their inputs are always empty."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from editorapp.core.loopback import is_loopback
from editorapp.core.typed_text import TextField
from editorapp.providers import capability_discovery
from editorapp.providers.account_capabilities import DEAREST_UNIT_USD
from editorapp.providers.models import KeyOrigin, ProviderAccount
from editorapp.providers.spec import Spec

LONGEST_KEY = 1000
LIMITS: tuple[str, ...] = ("max_concurrent", "requests_per_minute")
_KEPT = ("name", "base_url", *LIMITS, "unit_price_usd", "options", "key_encrypted", "key_hint")
_TESTED = ("tested_at", "test_ok", "test_message", "learned", "learned_at")
AS_TYPED = {"autocomplete": "off", "spellcheck": "false"}


class LimitsForm(forms.ModelForm):
    """What can be set of every account: how much of it we use at once."""

    instance: ProviderAccount
    max_concurrent = forms.IntegerField(
        label="Takes at once",
        min_value=1,
        max_value=1000,
        help_text="More wait in the queue until one is done.",
    )
    requests_per_minute = forms.IntegerField(
        label="New takes a minute",
        min_value=1,
        max_value=10_000,
        help_text="Counted over the last 60 seconds.",
    )

    class Meta:
        model = ProviderAccount
        fields = LIMITS

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in LIMITS]

    @property
    def told(self) -> list[forms.BoundField]:
        """Return the other fields: who is asked, with which key, and where."""
        return [field for field in self if field.name not in LIMITS]

    def keep(self) -> ProviderAccount:
        """Keep the limits of an account that is there already."""
        self.instance.save(update_fields=LIMITS)
        return self.instance


class AccountForm(LimitsForm):
    """An account whose key an admin enters: its fields are those that the provider asks for."""

    name = TextField(
        max_length=80,
        help_text="As creators see it when they choose where to send a take.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    base_url = TextField(
        label="Base URL",
        max_length=300,
        required=False,
        widget=forms.URLInput(attrs=AS_TYPED),
    )

    unit_price_usd = forms.DecimalField(
        min_value=0,
        max_value=DEAREST_UNIT_USD,
        max_digits=9,
        decimal_places=6,
        required=False,
    )

    class Meta(LimitsForm.Meta):
        fields = ("name", "base_url", *LIMITS, "unit_price_usd")

    def __init__(self, data: Any = None, *, instance: ProviderAccount) -> None:
        super().__init__(data, instance=instance)
        self.before, self.price_before = _reached_by(instance), instance.unit_price()
        spec, price = instance.spec, self.fields["unit_price_usd"]
        self._add_key(spec)
        self._add_options(spec)
        price.label = f"Price of one {spec.unit} in US dollars"
        price.help_text = f"Empty: the price that {spec.name} itself lists."
        if not spec.unit:
            del self.fields["unit_price_usd"]
        self.fields["base_url"].help_text = f"Empty: {instance.usual_address()}"
        self.order_fields(
            ["name", *self.key_fields, *self.option_fields, "base_url", "unit_price_usd"]
        )

    def _add_key(self, spec: Spec) -> None:
        self.key_fields = [f"key_{number}" for number in range(1, len(spec.credentials) + 1)]
        for name, label in zip(self.key_fields, key_labels(spec), strict=True):
            self.fields[name] = _key_field(label)
        kept = f" Empty: keep the one that ends in {self.instance.key_hint}."
        for name in self.key_fields[-1:]:
            said = f"Stored encrypted and never shown again.{kept if self.instance.pk else ''}"
            self.fields[name].help_text = said

    def _add_options(self, spec: Spec) -> None:
        self.option_fields = {f"option_{name}": name for name in (*spec.headers, *spec.params)}
        for field, name in self.option_fields.items():
            self.fields[field] = _option_field(name)
            self.initial[field] = self.instance.options.get(name, "")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self._is_taken(name):
            raise ValidationError(f"Another account of {self.instance.spec.name} has this name.")
        return name

    def _is_taken(self, name: str) -> bool:
        same = ProviderAccount.objects.filter(
            provider=self.instance.provider,
            name__iexact=name,
        )
        return same.exclude(pk=self.instance.pk).exists()

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        if url and (wrong := _wrong_address(url)):
            raise ValidationError(wrong)
        return url

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self._clean_options(given)
        self._clean_key(given)
        return given

    def _clean_options(self, given: dict[str, Any]) -> None:
        for name in self.option_fields:
            value = given.get(name) or ""
            if not value.isascii() or not value.isprintable():
                self.add_error(name, "Only plain letters, digits and signs can be sent.")

    def _clean_key(self, given: dict[str, Any]) -> None:
        """Join the parts of the key.

        All empty keeps the one that is there, but only for the address it was for.
        """
        parts = [given.get(name) or "" for name in self.key_fields]
        if any(name in self.errors for name in self.key_fields):
            return
        if any(parts):
            given["key"] = self._joined(parts)
        elif self.instance.pk is None:
            for name in self.key_fields:
                self.add_error(name, "This is needed.")
        elif "base_url" in given and self._leads_elsewhere(given["base_url"]):
            message = "Enter the key again: with this base URL it would be sent to another server."
            self.add_error(self.key_fields[0], message)

    def _joined(self, parts: list[str]) -> str:
        key, wrong = ":".join(parts), "Enter every part of the key."
        if all(parts):
            wrong = capability_discovery.wrong_key(self.instance.spec, key)
        if wrong:
            self.add_error(self.key_fields[0], wrong)
        return key

    def _leads_elsewhere(self, base_url: str) -> bool:
        addresses = (self.instance.address(), base_url or self.instance.usual_address())
        before, after = (urlsplit(one)[:2] for one in addresses)  # scheme and host
        return before != after

    @transaction.atomic
    def keep(self) -> ProviderAccount:
        """Keep the account; have it tested where anything about reaching it has changed.

        Another key may belong to somebody else: files that lie with the old one are uploaded anew.
        Prices that were told to it, or were reckoned with another price of a unit, are asked for
        again.
        """
        account, key = self.instance, self.cleaned_data.get("key")
        options = {name: self.cleaned_data[field] for field, name in self.option_fields.items()}
        account.options = {name: value for name, value in options.items() if value}
        if key:
            account.set_key(key)
        if is_another := self.before != _reached_by(account):
            account.forget_tests()
        # Only what the form is about: meanwhile the account may have been paused, switched off or
        # tested.
        changed = [*_KEPT, *(_TESTED if is_another else ())]
        account.save(update_fields=None if account.pk is None else changed)
        if is_another:
            capability_discovery.discover_soon(account)
        if key:
            account.staged.all().delete()
        if key or account.unit_price() != self.price_before:
            account.price_quotes.all().delete()
        return account


def _reached_by(account: ProviderAccount) -> tuple[object, ...]:
    return account.base_url, account.options, account.key_encrypted


def form_for(account: ProviderAccount, data: Any = None) -> LimitsForm:
    """Return the form to edit an account: what lies in the environment, and the simulated, has only
    its limits.
    """
    kind = AccountForm if account.origin is KeyOrigin.ADMIN else LimitsForm
    return kind(data, instance=account)


def key_labels(spec: Spec) -> list[str]:
    """Return what the parts of a provider's key are called, by their names in the environment."""
    return ["API secret" if "SECRET" in name else "API key" for name in spec.credentials]


def option_label(name: str) -> str:
    """Return what a header or parameter is called: "Organisation" for X-Organization-ID."""
    lower = name.lower()
    if "organization" in lower or "organisation" in lower:
        return "Organisation ID"
    return "Project ID" if "project" in lower else name


def _key_field(label: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={**AS_TYPED, "autocapitalize": "none"})
    return TextField(label=label, max_length=LONGEST_KEY, required=False, widget=widget)


def _option_field(name: str) -> forms.CharField:
    return TextField(
        label=option_label(name),
        max_length=200,
        required=False,
        help_text=f"Sent with every call as {name}. Empty: not sent.",
        widget=forms.TextInput(attrs=AS_TYPED),
    )


def _wrong_address(url: str) -> str:
    """Say what is wrong with a base URL; "" where nothing is.

    A key travels only encrypted, or within this machine.
    """
    example = "Write it as https://host/path."
    if not _is_address(url):
        return f"This is not an address. {example}"
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        return f"Only the address itself, without a name, password or query. {example}"
    if parts.scheme == "http" and not is_loopback(url):
        return "The key would travel unencrypted. Use an address that begins with https://."
    return ""


def _is_address(url: str) -> bool:
    try:
        is_whole = _is_whole(urlsplit(url))
    except ValueError:
        return False
    return is_whole and not any(map(str.isspace, url))


def _is_whole(parts: SplitResult) -> bool:
    """Raises: ValueError, where the port is none."""
    is_port_sound = parts.port is None or parts.port > 0
    return bool(parts.scheme in ("http", "https") and parts.hostname and is_port_sound)

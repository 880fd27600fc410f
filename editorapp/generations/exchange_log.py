"""Exchange log: what the engine hears of a verification's take: compared at once, and only the comparison is
kept.

Nothing in the engine depends on it: what cannot be compared or kept is logged, and the take goes
on.
"""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict

from django.db.models import F, QuerySet

from editorapp.core.logs import HIDDEN, secrets
from editorapp.generations.models import HeardAnswer, Verification
from editorapp.providers import registry
from editorapp.providers.documents.compare import Compared, Difference, compare
from editorapp.providers.documents.language import Documents
from editorapp.providers.http.recording import Exchange
from editorapp.providers.models import ProviderAccount

log = logging.getLogger(__name__)
State = Verification.State
PROMPT = "The same scene on a misty morning, in soft light"  # of the paid take
SHORTEST = 4  # of what is taken out wherever it stands: less would take out parts of ordinary words
# From before the take is sent, so that no sweep misses its first answer.
LISTENED = (
    State.READY,
    State.PAID,
)


def documents_of(provider: str) -> Documents | None:
    """Return what a provider's documents say of its answers; None where its module does not say."""
    return getattr(registry.get(provider), "DOCUMENTS", None)


def listened_accounts(provider: str) -> frozenset[int]:
    """Return the accounts of which a verification is open."""
    rows = Verification.objects.filter(state__in=LISTENED, account__provider=provider).order_by()
    return frozenset(rows.values_list("account_id", flat=True))


def is_followed(generation_id: int) -> bool:
    """Is this take a verification's?"""
    return _following(generation_id).exists()


def _following(generation_id: int) -> QuerySet[Verification]:
    return Verification.objects.filter(take_id=generation_id, state=State.PAID)


def note_of_take(generation_id: int, heard: Sequence[Exchange]) -> None:
    """Keep what the engine heard, where this take is a verification's. Raises nothing."""
    if not heard:
        return
    try:
        verification = _following(generation_id).select_related("account").first()
        if verification:
            note(verification, heard)
    except Exception:
        log.exception("What was heard of take %s could not be kept", generation_id)


def note(
    verification: Verification,
    heard: Sequence[Exchange],
    *,
    expected_status: int | None = None,
) -> None:
    """Compare what was heard and keep what came of it."""
    documents = documents_of(verification.account.provider)
    if documents is None:
        return
    knows_hosts = is_at_its_own_address(verification.account)
    for exchange in heard:
        found = compare(
            documents,
            exchange,
            expected_status=expected_status,
            knows_hosts=knows_hosts,
        )
        if found:
            _keep(verification, found)


def keep_difference(verification: Verification, one: Difference) -> None:
    """Keep a difference that no single answer shows."""
    _keep(verification, Compared(one.call, 200, differences=[one]))


def is_at_its_own_address(account: ProviderAccount) -> bool:
    """Is the provider itself reached with this account, and nothing in its place?"""
    return not account.is_simulated and account.address() == account.spec.base_url


def _keep(verification: Verification, found: Compared) -> None:
    said = asdict(found)
    lifetimes = said.pop("lifetimes")
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    said = json.loads(without_secrets(text, verification))
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    heard, is_new = HeardAnswer.objects.get_or_create(
        verification=verification,
        digest=digest,
        defaults={**said, "lifetimes": lifetimes},
    )
    if not is_new:
        HeardAnswer.objects.filter(pk=heard.pk).update(times=F("times") + 1)


def without_secrets(text: str, verification: Verification) -> str:
    """Take out what is known to be secret or private of this account: a name may be made of it as
    well as a value.
    """
    access = verification.account.access()
    secrets.hide(access.secret)
    prompt = str(verification.request.get("prompt") or PROMPT)
    known = {
        access.secret,
        *access.secret.split(":"),
        *access.headers.values(),
        *access.params.values(),
        base64.b64encode(access.secret.encode()).decode(),
        prompt,
    }
    long_enough = (one for one in known if len(one) >= SHORTEST)
    for one in sorted(long_enough, key=len, reverse=True):
        text = re.sub(re.escape(one), HIDDEN, text, flags=re.IGNORECASE)
    return secrets.without(text)

"""Try an account: does its key work, and what does the provider say of its own limits? Said in
words, and kept.
"""

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.db import transaction
from django.utils import timezone

from editorapp.core import task_queue
from editorapp.providers import accounts, registry
from editorapp.providers.contract import (
    Access,
    BadCredentials,
    NotFound,
    OutOfFunds,
    ProviderError,
    Throttled,
    Unavailable,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Spec

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(days=1)
DEADLINE_SECONDS = 45.0  # for all calls together; each has a deadline of its own
MAX_CHARACTERS = 100_000


@dataclass(frozen=True)
class Tested:
    """How a test of an account went.

    `capabilities` is None where none were told, and what was known stays.
    """

    is_ok: bool
    message: str
    capabilities: dict[str, Any] | None = None


def test(account: ProviderAccount) -> Tested:
    """Make the cheapest authenticated read and read the provider's own limits; keep what came of
    it. Spends nothing.

    A key that is not one of this provider's is not sent anywhere. What came of it is said of
    nothing else than what was
    tried: an account that was deleted meanwhile, or got another key or address, keeps none of it.
    """
    spec = account.spec
    tested = _unsent(account, spec)
    if tested is None:
        tested = asyncio.run(_tried(account.access(), spec))
        if account.leads_elsewhere:
            tested = _without_details(tested, account.address(), spec)
    _keep(account, tested, now=timezone.now())
    return tested


def _keep(account: ProviderAccount, tested: Tested, *, now: datetime) -> None:
    changed: dict[str, Any] = {
        "tested_at": now,
        "test_ok": tested.is_ok,
        "test_message": tested.message[:600],
    }
    if tested.is_ok and not account.is_simulated:
        changed["proven_at"] = account.proven_at or now
    if tested.capabilities is not None:
        changed |= {"learned": tested.capabilities, "learned_at": now}
    tried = {name: getattr(account, name) for name in ("key_encrypted", "base_url", "options")}
    with transaction.atomic():
        row = ProviderAccount.objects.select_for_update(no_key=True).filter(pk=account.pk).first()
        if row is None or any(getattr(row, name) != value for name, value in tried.items()):
            return
        for name, value in changed.items():
            setattr(account, name, value)
        account.save(update_fields=list(changed))


def discover_soon(account: ProviderAccount) -> None:
    """Have an account tested by the queue once the present transaction is committed."""
    task_queue.send("editorapp.providers.tasks.learn", account.pk)


def test_new() -> None:
    """Try at once the real accounts that were never tried, while the simulator still answers.

    Spends nothing.

    For a script, which may be the first to use a key: pages need not, because the ticker has it
    tried at its start.
    """
    for account in accounts.unproven(accounts.made()) if accounts.all_simulated() else ():
        if account.tested_at is None and not account.problem:
            test(account)


def sweep(now: datetime) -> None:
    """Have every account tested that was not for a day, or failed: a key in the environment may be
    another by now.

    The ticker's first look does this, so a key that was set before the start is tried within
    seconds of it.
    """
    for account in sorted(accounts.made(), key=lambda one: one.pk):
        if _is_to_be_tested(account, now):
            discover_soon(account)


def _is_to_be_tested(account: ProviderAccount, now: datetime) -> bool:
    return account.is_enabled and _is_due(account, now) and not account.problem


def _is_due(account: ProviderAccount, now: datetime) -> bool:
    tested_at = account.tested_at
    return not account.test_ok or tested_at is None or tested_at < now - AGAIN_AFTER


def _without_details(tested: Tested, address: str, spec: Spec) -> Tested:
    """Say of an address that an admin entered only whether the provider answers there.

    Whoever could read more (refused, silent, which status, which words) could have this server look
    into the network that it stands in.
    """
    if tested.is_ok and tested.capabilities is not None:
        return tested
    if tested.is_ok:
        return Tested(
            True,
            f"{spec.name} accepts the key. The published limits hold: it told none of its own.",
        )
    return Tested(
        False,
        f"What is at {address} did not answer as {spec.name} does. Check the base URL and the key. What came instead "
        "is not shown, because the address is not the provider’s own.",
    )


def _unsent(account: ProviderAccount, spec: Spec) -> Tested | None:
    """Return what is wrong before anything is sent; None where nothing is."""
    problem = _problem_of_key(account, spec)
    return Tested(False, problem) if problem else None


def _problem_of_key(account: ProviderAccount, spec: Spec) -> str:
    key = account.access().secret
    if not key:
        return account.problem or f"There is no key for {spec.name}."
    wrong = "" if account.is_simulated else wrong_key(spec, key)
    return f"{wrong} Nothing was sent." if wrong else ""


def wrong_key(spec: Spec, key: str) -> str:
    """Say what can be seen to be wrong with a key without asking anybody; "" where nothing can."""
    count = len(spec.credentials)
    if not key.isascii() or not key.isprintable() or " " in key:
        return f"The key for {spec.name} holds characters that no key has. Copy it again, whole."
    parts = key.split(":")
    if count > 1 and not (len(parts) == count and all(parts)):
        return f"A key of {spec.name} has {count} parts: enter each of them."
    return _whose_else(spec, key)


def _whose_else(spec: Spec, key: str) -> str:
    for other in (registry.get(slug).SPEC for slug in registry.slugs()):
        if key == other.simulated_key:
            return "This is the simulator's key. A real one comes from the provider."
        if _begins_as_of(other, key) and other.slug != spec.slug:
            return f"This is a key of {other.name}, not of {spec.name}."
    return ""


def _begins_as_of(spec: Spec, key: str) -> bool:
    return bool(spec.key_start) and key.startswith(spec.key_start)


async def _tried(access: Access, spec: Spec) -> Tested:
    adapter = registry.get(access.provider)
    simulated, accepted = "The simulator answers.", f"{spec.name} accepts the key."
    works = simulated if access.is_simulated else accepted
    try:
        async with asyncio.timeout(DEADLINE_SECONDS), ProviderSession(access) as session:
            await adapter.ping(session=session)
            if not hasattr(adapter, "discover"):
                return Tested(True, works)
            said, more = await _discovered(adapter, session)
            return Tested(True, f"{works} {more}", said)
    except (ProviderError, TimeoutError, httpx.InvalidURL, ValueError) as error:
        return Tested(False, sentence(error, access=access, spec=spec))
    except Exception as error:  # a module's bug: noted, or it would be tested anew every hour
        log.exception("The account %s could not be tested", access.account_id)
        return Tested(False, _fault(error))


async def _discovered(
    adapter: ModuleType, session: ProviderSession
) -> tuple[dict[str, Any] | None, str]:
    """Read the provider's own limits, and say in a sentence what came of it.

    Where that fails the key works all the same, and what was known stays.
    """
    try:
        said = await adapter.discover(session=session)
        text = json.dumps(said)
    except (ProviderError, TimeoutError, TypeError, ValueError) as error:
        why = str(error) or "it took too long."
        return None, f"Its own limits could not be read, so the published ones hold: {why}"
    except Exception as error:  # of what came: the key works all the same
        log.exception("What an account says of its limits could not be read")
        return None, f"The published limits hold: its own could not be read. {_fault(error)}"
    if len(text) > MAX_CHARACTERS or not isinstance(said, dict):
        return None, "What it says of its own limits cannot be used; the published ones hold."
    count = len(said.get("models") or ())
    return said, f"It told its own limits for {count} model{'' if count == 1 else 's'}."


def _fault(error: Exception) -> str:
    return f"Rushes could not make sense of the answer ({type(error).__name__}); its log says more."


def sentence(error: Exception, *, access: Access, spec: Spec) -> str:
    """Say what a failed test means and what to do about it."""
    name, host = spec.name, _place(access.base_url)
    match error:
        case Unavailable() if access.is_simulated:
            again = "Start the studio again: it starts the simulator."
            return f"The simulator does not answer at {access.base_url}. {again}"
        case BadCredentials():
            return _refused_key(error, spec)
        case OutOfFunds():
            return f"{name} accepts the key, but the account has no funds. Add funds at {name}. ({error.message})"
        case Throttled():
            wait = f"{error.retry_after_seconds:g} s"
            return f"{name} takes no more requests just now, so the key could not be tried. Test it again in {wait}."
        case NotFound():
            return f"{host} answers, but not as {name} does: check the base URL {access.base_url}."
        case Unavailable():
            return _unreachable(error, host=host, access=access, name=name)
        case TimeoutError():
            return f"{name} did not answer in {DEADLINE_SECONDS:g} s. Test it again later."
        case ProviderError():
            return error.message
    return f"The base URL {access.base_url} is not an address. Write it as {spec.base_url}."


def _refused_key(error: BadCredentials, spec: Spec) -> str:
    words = _words(error)
    detail = f" {spec.name} says: {words}" if words else ""
    if error.code == "403":
        scope = " and the organisation or project set here" if spec.headers or spec.params else ""
        knows = f"{spec.name} knows the key, but gives it no access"
        return f"{knows}: check its rights and plan there{scope}.{detail}"
    form = f" Its keys begin with {spec.key_start}." if spec.key_start else ""
    parts = "every part of the key" if len(spec.credentials) > 1 else "the key"
    return f"{spec.name} does not accept the key. Copy {parts} again, whole, or make a new one there.{form}{detail}"


def _words(error: ProviderError) -> str:
    """Return the provider's own words within one of our messages; "" where it said nothing."""
    _ours, _colon, said = error.message.partition(": ")
    said = said.removesuffix(" An admin can set another.").rstrip(".")
    return f"“{said}”." if said else ""


# What an error that is among the causes means; the first row that fits.
_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (ssl.SSLError,),
        "No secure connection to {host}: its certificate is not trusted or does not fit the name. "
        "Check the base URL, and whether a proxy in between replaces certificates.",
    ),
    (
        (socket.gaierror,),
        "The address {host} is not found. Check the base URL and this machine's connection to the internet.",
    ),
    ((ConnectionRefusedError,), "Nothing answers at {place}. Check the base URL."),
    ((httpx.ProxyError,), "The proxy set for this machine does not let {host} through."),
    (
        (httpx.TimeoutException, TimeoutError),
        "{host} did not answer in time. Check the base URL and whether a firewall keeps this machine from it.",
    ),
)


def _unreachable(error: Unavailable, *, host: str, access: Access, name: str) -> str:
    causes = list(_causes(error))
    for kinds, says in _CAUSES:
        if any(isinstance(cause, kinds) for cause in causes):
            return says.format(host=host, place=_place(access.base_url, with_port=True))
    if error.code == "unreadable":
        return f"Something answers at {access.base_url} that is not {name}. Check the base URL."
    if error.code.isdigit():
        wait = error.retry_after_seconds
        when = "later" if wait is None else f"in {wait:g} s"
        problem = f"{name} has a problem of its own (HTTP {error.code})"
        return f"{problem}, so the key could not be tried. Test it again {when}."
    if error.code == "base_url":
        return f"The base URL {access.base_url} is not an address."
    return f"{host} broke off without an answer. Test it again; if it stays so, check the base URL."


def _place(url: str, *, with_port: bool = False) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all
        return url
    return (parts.netloc if with_port else parts.hostname) or url


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it was raised from; httpx keeps the system's own far down."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]

"""OpenID Connect client: the library that talks with the provider, and how it fails. Needs the extra
`oidc`.
"""

from functools import cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError

PATIENCE_SECONDS = 10  # for one answer of the provider
# What the library lets through of a provider that cannot be reached, refuses, or answers nonsense.
_FAILURES = (
    AuthlibBaseError,
    JoseError,
    requests.RequestException,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
)


class ProviderFailed(Exception):
    """The provider could not be asked, refused, or did not vouch for anybody."""


def lead(request: HttpRequest, back: str) -> HttpResponse:
    """Return the way to the provider, which leads to `back`. Raises: ProviderFailed."""
    try:
        answer: HttpResponse = _client().authorize_redirect(request, back)
    except _FAILURES as error:
        raise ProviderFailed from error
    return answer


def claims(request: HttpRequest) -> dict[str, Any]:
    """Return the claims of the ID token that the provider gives for this answer: signed by it, for
    us, for the question that this session asked. Raises: ProviderFailed.
    """
    try:
        token = _client().authorize_access_token(request)
    except _FAILURES as error:
        raise ProviderFailed from error
    if not token.get("userinfo"):
        raise ProviderFailed
    return dict(token["userinfo"])


def _client() -> Any:
    return _registered(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@cache
def _registered(issuer: str, client_id: str, client_secret: str) -> Any:
    """Return the library's client of a provider, which keeps what it has read of it."""
    return OAuth().register(
        "provider",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE_SECONDS,
        },
    )

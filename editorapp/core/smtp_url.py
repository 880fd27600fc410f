"""SMTP URL: a mail server's address in one variable, as Django's settings want it."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"smtp": 587, "smtps": 465}


class BadMailUrl(Exception):
    """The address of the mail server cannot be read. The message says how it should look."""


def mail_settings(url: str) -> dict[str, Any]:
    """Return EMAIL_HOST and its kin for `smtp://user:password@host:587` or `smtps://...:465`; {}
    for "".

    smtp begins plain and changes to TLS (STARTTLS), unless the address ends in `?tls=no`; smtps is
    TLS from the start.
    Raises: BadMailUrl. Never with the address in it: it holds a password.
    """
    if not url:
        return {}
    how = "RUSHES_EMAIL_URL looks like smtp://user:password@mail.example.com:587 (or smtps://...:465)."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadMailUrl(
            f"{how} Characters such as @ / : in the password are written as %40 %2F %3A."
        ) from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadMailUrl(how)
    is_plain = parse_qs(parts.query).get("tls") == ["no"]
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and not is_plain,
    }

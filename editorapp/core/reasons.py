"""Reasons of a refusal: what a script is told instead of a page, to read and to show."""

from django.http import JsonResponse

SIGNED_OUT, ROLE, CSRF = "signed_out", "role", "csrf"

SENTENCES = {
    SIGNED_OUT: "You are signed out: sign in again in another tab.",
    ROLE: "Your role does not allow this: ask an admin of your team.",
    CSRF: "This page is out of date: reload it, and try again.",
}
_STATUS = {SIGNED_OUT: 401, ROLE: 403, CSRF: 403}


def refused(reason: str) -> JsonResponse:
    """Return the answer to a script that may not do this; no byte of what it sends is read."""
    return answer(reason, SENTENCES[reason], status=_STATUS[reason])


def answer(reason: str, message: str, *, status: int) -> JsonResponse:
    """Return an answer that says in both ways why nothing was done."""
    return JsonResponse({"reason": reason, "message": message}, status=status)

"""Way back: the page that a form stood on, which the form names as `next`.

It comes from outside: an address elsewhere, or a word that would be taken for the name of a view,
leads nowhere.
"""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_ours(request: HttpRequest, address: str) -> bool:
    """Does this address lead to this installation?"""
    return url_has_allowed_host_and_scheme(
        address,
        {request.get_host()},
        require_https=request.is_secure(),
    )


def is_our_path(request: HttpRequest, address: str) -> bool:
    """Is this the path of one of our pages?"""
    return address.startswith("/") and is_ours(request, address)


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Return the page that a form stood on, where it is one of ours, or else the other."""
    back = request.POST.get("next", "")
    return back if is_our_path(request, back) else otherwise

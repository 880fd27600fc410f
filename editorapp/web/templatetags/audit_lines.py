"""Audit lines in words. No filter causes a query."""

from typing import Any

from django import template
from django.urls import reverse

from editorapp.teams.audit import ACTS
from editorapp.teams.models import AuditEntry

register = template.Library()


@register.filter
def act_words(line: AuditEntry) -> str:
    """Return what was done, to stand after the name of who did it."""
    act = ACTS.get(line.act)
    return act.words if act else line.act


@register.filter
def subject_words(line: AuditEntry) -> str:
    """Return what it was done to: "#12" of a take, else what that was called."""
    kind, _colon, number = line.subject.partition(":")
    if kind == "take":
        return f"#{number}"
    return line.about or ("somebody" if kind == "invite" else line.subject)


@register.filter
def subject_url(line: AuditEntry) -> str:
    """Return the page of what it was done to; "" where there is none."""
    kind, _colon, number = line.subject.partition(":")
    if kind == "take":
        return reverse("takes:page", args=[int(number)])
    if kind == "share":
        return reverse("shares:one", args=[int(number)])
    return f"{reverse('gallery:page')}?project={number}" if kind == "project" else ""


@register.filter
def facts_of(line: AuditEntry) -> list[str]:
    """Return what the act changed, one sentence each: "limit usd: 50 → 80"."""
    return [_fact(name, value) for name, value in line.facts.items()]


def _fact(name: str, value: Any) -> str:
    label = name.removeprefix("set_").replace("_", " ")
    if isinstance(value, list) and len(value) == 2 and name != "takes":
        return f"{label}: {_said(value[0])} → {_said(value[1])}"
    if isinstance(value, list):
        return f"{label}: {', '.join(map(_said, value))}"
    return f"{label}: {_said(value)}"


def _said(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

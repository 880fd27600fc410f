"""Rule of approval: when a take of the team counts as approved, as its form on the people page."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from editorapp.core.request_values import row_id
from editorapp.review.approval import set_rule
from editorapp.review.models import ApprovalRule
from editorapp.review.standing import rule_of
from editorapp.teams.access import MemberRequest, action_for
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act


@dataclass(frozen=True)
class RuleForm:
    """The rule as its form shows it: what is set, and the people who could decide for the team."""

    rule: ApprovalRule
    people: list[Member]
    kinds = ApprovalRule.Kind

    @property
    def gone(self) -> str:
        """The named person where they may not decide any more, so that one of all is enough."""
        able = {one.user_id for one in self.people}
        person = self.rule.person
        return str(person) if person is not None and person.pk not in able else ""


def rule_form(team: Team) -> RuleForm:
    able = Member.objects.who_may(Act.DECIDE).filter(team=team).select_related("user")
    return RuleForm(rule_of(team), list(able.order_by("user__display_name", "pk")))


@action_for(Act.MANAGE)
def change_rule(request: MemberRequest) -> HttpResponse:
    """Set when a take of the team counts as approved."""
    team, named = request.member.team, row_id(request.POST, "approver")
    rows = Member.objects.filter(team=team, pk=named or 0).select_related("user")
    try:
        rule = set_rule(team, request.POST.get("kind", ""), rows.first(), by=request.member)
    except ValueError:
        messages.error(request, "Choose how many approve; and where one person does, who that is.")
    else:
        messages.success(request, rule.words)
    return redirect("people:page")


urlpatterns = [path("people/rule", change_rule, name="rule")]

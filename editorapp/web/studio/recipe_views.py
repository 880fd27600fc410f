"""Recipe views: the team's presets and recipes: looked through, kept, planned, renamed, deleted."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from editorapp.core.htmx import Context, page_or_part
from editorapp.core.request_values import text, wants_json
from editorapp.generations.models import Generation
from editorapp.reuse import recipes
from editorapp.reuse.models import EditRecipe
from editorapp.reuse.recipes import MadeOn, NotKept
from editorapp.teams.access import MemberRequest, action_for, form_page_for
from editorapp.teams.roles import Act
from editorapp.web.studio import form_request, rearranging
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.new_sources import NotDone
from editorapp.web.studio.recipe_plan import kept_of, plan_of
from editorapp.web.studio.resolved_form import resolve
from editorapp.web.studio.saved_form import DraftMark

SHARED = "“{}” is kept, for the whole team."


@form_page_for(Act.CREATE)
def listed(request: MemberRequest) -> HttpResponse:
    """Show the presets and recipes: as a menu to htmx, else as a page to rename and delete them on;
    posted with the studio's form, the page can use them on it.
    """
    return page_or_part(request, "studio/recipes.html", "studio/_recipe_menu.html", _list(request))


def _list(request: MemberRequest) -> Context:
    member = request.member
    rows = EditRecipe.objects.visible_to(member).select_related("made_by").order_by("kind", "name")
    found = [(one, one.is_changed_by(member)) for one in rows]
    groups = [
        (f"{kind.label}s", [one for one in found if one[0].kind == kind])
        for kind in EditRecipe.Kind
    ]
    return {
        "here": "studio",
        "groups": groups,
        "has_any": bool(found),
        "carried": _carried(request.POST) if request.method == "POST" else [],
    }


def _carried(sent: QueryDict) -> list[tuple[str, str]]:
    """Return the studio's form as hidden inputs, for the way without a script."""
    form, mark = DraftForm.read(sent), DraftMark.read(sent)
    marked = (
        ("draft_way", mark.way),
        ("draft_revision", str(mark.revision)),
        ("draft_page", mark.page),
    )
    return [*form.pairs(), *marked]


def _one(request: MemberRequest, pk: int) -> EditRecipe:
    return get_object_or_404(EditRecipe.objects.visible_to(request.member), pk=pk)


@action_for(Act.CREATE)
def plan(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what a preset or a recipe would do to the posted form, and what does not fit."""
    recipe = _one(request, pk)
    try:
        begun = rearranging.posted(request)
    except NotDone as error:
        messages.error(request, str(error))
        return redirect("studio:recipes")
    found = plan_of(recipe, begun.form, request.member)
    context = {"here": "studio", "plan": found, "carried": _carried(request.POST)}
    return page_or_part(request, "studio/recipe.html", "studio/_recipe_plan.html", context)


@action_for(Act.CREATE)
def make(request: MemberRequest) -> HttpResponse:
    """Keep the posted form as a preset or a recipe: to a script {"message"}, 422 where it cannot."""
    kind, name = text(request.POST, "recipe_kind"), request.POST.get("recipe_name", "")
    kind = kind if kind in EditRecipe.Kind.values else EditRecipe.Kind.PRESET
    form = DraftForm.read(request.POST)
    has_prompt = kind == EditRecipe.Kind.RECIPE or "recipe_prompt" in request.POST
    clip = resolve(form, request.member).clip
    try:
        values = kept_of(form, kind, with_prompt=has_prompt)
        origin, now = MadeOn(clip), timezone.now()
        made = recipes.make(request.member, name, kind, values, origin=origin, now=now)
    except (NotKept, NotDone) as error:
        return _said(request, str(error), status=422)
    return _said(request, SHARED.format(made))


@action_for(Act.CREATE)
def make_of_take(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep what a take was made with as a recipe."""
    take = get_object_or_404(Generation.objects.visible_to(request.member), pk=pk)
    form, kind = form_request.again(take), EditRecipe.Kind.RECIPE
    name, origin = request.POST.get("recipe_name", ""), MadeOn(take.made_from, take)
    try:
        values, now = kept_of(form, kind), timezone.now()
        made = recipes.make(request.member, name, kind, values, origin=origin, now=now)
        messages.success(request, SHARED.format(made))
    except (NotKept, NotDone) as error:
        messages.error(request, str(error))
    return redirect("takes:page", pk)


@action_for(Act.CREATE)
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    """Give it another name: who made it may, and an admin."""
    recipe = _one(request, pk)
    try:
        recipes.rename(recipe, request.POST.get("recipe_name", ""), by=request.member)
    except NotKept as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"It is called “{recipe}” now.")
    return redirect("studio:recipes")


@action_for(Act.CREATE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete it for the whole team: who made it may, and an admin."""
    recipe = _one(request, pk)
    recipes.delete(recipe, by=request.member)
    messages.success(request, f"“{recipe}” is deleted. Takes that were made with it stay.")
    return redirect("studio:recipes")


def _said(request: MemberRequest, sentence: str, *, status: int = 200) -> HttpResponse:
    """Answer a script with a sentence; a browser with the list, its form carried along."""
    if wants_json(request):
        return JsonResponse({"message": sentence}, status=status)
    (messages.success if status == 200 else messages.error)(request, sentence)
    return render(request, "studio/recipes.html", _list(request), status=status)


urlpatterns = [
    path("recipes", listed, name="recipes"),
    path("recipes/new", make, name="recipe_make"),
    path("recipes/of-take/<int:pk>", make_of_take, name="recipe_of_take"),
    path("recipes/<int:pk>/plan", plan, name="recipe_plan"),
    path("recipes/<int:pk>/rename", rename, name="recipe_rename"),
    path("recipes/<int:pk>/delete", delete, name="recipe_delete"),
]

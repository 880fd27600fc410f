"""What is kept of the studio's form: changes of it."""

from tests.sabotage.change import Change

DRAFTS = "tests/reuse/test_drafts.py"
OF_PAGES = "tests/web/test_drafts.py"

CHANGES = (
    Change(
        "a clip is sent with the guide frames of another",
        "editorapp/web/studio/views.py",
        "    if resolved.form.is_on_other_source and resolved.form.guide_count:\n",
        "    if resolved.form.is_on_other_source and not resolved.form.guide_count:\n",
        ("tests/web/test_recipes.py::test_pins_of_one_clip_are_never_sent_with_another",),
    ),
    Change(
        "a tab overwrites what another one has saved since",
        "editorapp/reuse/drafts.py",
        "SavedDraft.objects.filter(seen, pk=draft.pk)",
        "SavedDraft.objects.filter(pk=draft.pk)",
        (
            f"{DRAFTS}::test_what_another_page_has_not_seen_is_kept_aside_and_counts_once_it_is_chosen",
        ),
    ),
    Change(
        "anybody's draft is opened by its number",
        "editorapp/web/studio/following.py",
        "    row = drafts.of(member).filter(pk=as_whole(number) or 0).first()\n",
        "    row = SavedDraft.objects.filter(pk=as_whole(number) or 0).first()\n",
        (f"{OF_PAGES}::test_a_colleagues_draft_is_opened_by_no_number",),
    ),
)

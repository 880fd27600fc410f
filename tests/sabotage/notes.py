"""Notes that become edits, and what people are told: changes of it."""

from tests.sabotage.change import Change

EDITS = "tests/web/test_note_becomes_edit.py"
TROUBLE = "tests/generations/test_trouble.py"

CHANGES = (
    Change(
        "what was begun with a take is lost to a note",
        "editorapp/web/studio/answering.py",
        '        saved_drafts.save_over(member, place, values, page="", now=now)\n',
        "        saved_drafts.of(member).filter(source=place.source).update(values=values)\n",
        (f"{EDITS}::test_what_was_begun_with_that_take_is_set_aside_and_comes_back",),
    ),
    Change(
        "a take does not say which note it was made for",
        "editorapp/web/studio/answering.py",
        "        if take.lineage == note.take.lineage:\n",
        "        if take.lineage != note.take.lineage:\n",
        (
            f"{EDITS}::test_what_is_queued_answers_the_note_once_however_often_it_is_sent",
            f"{EDITS}::test_each_variant_answers_it",
        ),
    ),
    Change(
        "a note is read by who does not see its take",
        "editorapp/review/asked_notes.py",
        "    comments = Comment.objects.filter(pk=pk, generation__in=takes, deleted_at=None)\n",
        "    comments = Comment.objects.filter(pk=pk, deleted_at=None)\n",
        (f"{EDITS}::test_who_sees_no_such_take_makes_no_edit_of_it",),
    ),
    Change(
        "nobody is told what went wrong",
        "editorapp/generations/models/attempt.py",
        "    if to in TOLD:\n",
        "    if to not in TOLD:\n",
        (
            f"{TROUBLE}::test_a_refused_take_tells_who_made_it_and_who_answers_for_it",
            f"{TROUBLE}::test_an_unknown_outcome_says_that_money_may_be_spent",
        ),
    ),
)

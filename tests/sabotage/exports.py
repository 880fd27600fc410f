"""What leaves: for whom, whole, and marked."""

from tests.sabotage.change import Change

PAGES, MARKS = "tests/web/test_exports.py", "tests/exports/test_provenance.py"
BACK = "tests/exports/test_returned.py"
LAID = "tests/exports/test_timelines.py"

CHANGES = (
    Change(
        "takes of another team are handed on",
        "editorapp/web/exports/chosen_takes.py",
        "visible = Generation.objects.visible_to(member).filter(pk__in=numbers)",
        "visible = Generation.objects.filter(pk__in=numbers)",
        (f"{PAGES}::test_nobody_takes_along_what_is_not_theirs_to_see",),
    ),
    Change(
        "whoever may take a take along is told what it cost",
        "editorapp/exports/papers.py",
        "return member.may_see_all_costs or take.responsible_id == member.user_id",
        "return True",
        (f"{PAGES}::test_prices_are_for_who_may_see_them",),
    ),
    Change(
        "a manifest holds links that let others in",
        "editorapp/exports/papers.py",
        "return _cut(secrets.without(body)) if isinstance(body, str) else body",
        "return body",
        (f"{PAGES}::test_a_manifest_tells_all_and_no_secret",),
    ),
    Change(
        "the hash in a manifest is of the file as it came, not as it left",
        "editorapp/exports/bundle.py",
        '"sha256": counted.digest.hexdigest(),',
        '"sha256": asset.sha256,',
        (f"{PAGES}::test_a_zip_holds_files_whose_hashes_are_those_of_its_manifest",),
    ),
    Change(
        "what is downloaded does not say that it was made with AI",
        "editorapp/web/media/handed_out.py",
        "return None if take is None else mark_of(take)",
        "return None",
        (f"{PAGES}::test_a_download_of_a_result_is_marked_and_goes_on_where_it_was_cut",),
    ),
    Change(
        "an upload is said to be made with AI",
        "editorapp/web/media/handed_out.py",
        "            return found\n    return None\n",
        "            return found\n    return Generation(task='edit')\n",
        (f"{PAGES}::test_an_upload_is_not_said_to_be_made_with_ai",),
    ),
    Change(
        "a file is taken for a take's because its mark says so",
        "editorapp/exports/provenance/returned.py",
        "return original if found else None",
        "return original",
        (f"{BACK}::test_a_copy_with_one_other_byte_is_a_file_of_its_own",),
    ),
    Change(
        "a provider's result is taken for an older file for its mark",
        "editorapp/media/intake.py",
        "if asset is None and origin == Asset.Origin.UPLOAD:",
        "if asset is None:",
        (f"{BACK}::test_a_result_that_a_provider_sends_with_our_mark_stays_a_result",),
    ),
    Change(
        "the light of a marked EXR frame lies where it lay before",
        "editorapp/exports/provenance/mark_exr.py",
        "(number + by if number else 0)",
        "number",
        (f"{MARKS}::test_a_marked_exr_frame_has_its_light_and_says_what_it_is",),
    ),
    Change(
        "drop frame leaves a number out in every tenth minute too",
        "editorapp/core/timecode.py",
        "return _dropped_a_minute(fps) * (minute - minute // 10)",
        "return _dropped_a_minute(fps) * minute",
        ("tests/core/test_timecode.py::test_drop_frame_is_as_it_is_known",),
    ),
    Change(
        "locators of an EDL stand where their clip does not",
        "editorapp/exports/timelines/model.py",
        "return placed.start + int(frame * self.rate / placed.clip.rate)",
        "return int(frame * self.rate / placed.clip.rate)",
        (f"{LAID}::test_locators_of_an_edl_stand_at_the_record_timecode",),
    ),
)

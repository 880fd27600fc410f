"""Shared links: what they reach, for whom, and until when."""

from tests.sabotage.change import Change

GUESTS, SHARES = "tests/web/test_guests.py", "tests/review/test_shares.py"
COMMENTS = "tests/review/test_guest_comments.py"
MEDIA, CLIPS = "editorapp/web/guests/media.py", "editorapp/web/guests/clips.py"
SHARED_TAKES = "editorapp/review/shared_takes.py"
REACHES = "test_a_guest_reaches_what_the_link_names_and_no_source_that_it_does_not_show"
CLOSES = "test_a_link_that_is_revoked_or_over_is_closed_at_once_also_while_watching"
NAMED = "test_with_a_watermark_only_what_has_the_name_in_it_leaves"

CHANGES = (
    Change(
        "a link that is revoked stays open",
        "editorapp/review/models/shares.py",
        "return self.revoked_at is None and (",
        "return True and (",
        (f"{GUESTS}::{CLOSES}",),
    ),
    Change(
        "a link reaches the media of every take of the team",
        MEDIA,
        "if part not in (TAKE, SOURCE) or pk not in takes_of(request.share):",
        "if part not in (TAKE, SOURCE):",
        (f"{GUESTS}::{REACHES}",),
    ),
    Change(
        "a link reaches what a take was made from where it does not show it",
        CLIPS,
        "return self._source if self.share.shows_source else None",
        "return self._source",
        (f"{GUESTS}::{REACHES}",),
    ),
    Change(
        "a link is followed into a private project",
        SHARED_TAKES,
        "NOT board.is_private OR board.id",
        "board.id > 0 OR board.id",
        (f"{SHARES}::test_the_newest_version_is_followed_into_no_private_project",),
    ),
    Change(
        "a link with a watermark plays the clip without it",
        MEDIA,
        "    if linked.share.has_watermark:\n        return _with_name(",
        "    if False:\n        return _with_name(",
        (f"{GUESTS}::{NAMED}",),
    ),
    Change(
        "guests read what the team says among itself",
        "editorapp/review/guest_comments.py",
        "parent=None, guest__share=made)",
        "parent=None)",
        (
            f"{COMMENTS}::test_a_guest_reads_their_links_threads_and_nothing_that_the_team_says_among_itself",
        ),
    ),
    Change(
        "any password opens a link",
        "editorapp/review/shares.py",
        "if not check_password(password, made.password):",
        "if not password:",
        (
            f"{SHARES}::test_a_password_is_hashed_and_guessing_it_is_slowed_down_where_it_is_guessed",
        ),
    ),
)

"""What is tried again: that it ends, with which money, and what of a download is believed and made
durable.
"""

from tests.sabotage.change import Change

POLICIES, DISK = "tests/generations/test_retry_policies.py", "tests/media/test_on_disk.py"
NOT_THE_FILE = "tests/generations/test_not_the_file.py"
ENDS = f"{POLICIES}::test_a_step_that_fails_for_ever_ends_as_its_row_says"
LINE = f"{POLICIES}::test_a_whole_line_behind_a_provider_that_takes_nothing_is_given_up_with_it"
FOLDER = "editorapp/media/backends/folder.py"
DOWNLOAD = "editorapp/generations/files/download.py"
FETCH = "editorapp/generations/files/store_result.py"
NOT_SENT = "editorapp/generations/engine/requeue.py"

CHANGES = (
    Change(
        "a file that is measured is not made durable meanwhile",
        FOLDER,
        "thread.submit(sync_file, file)",
        "thread.submit(str, file)",
        (
            f"{DISK}::test_a_stored_file_that_is_prepared_while_it_is_measured_is_on_the_disk_when_that_ends",
        ),
    ),
    Change(
        "a download that has come is not made durable",
        DOWNLOAD,
        "            self.part.sync()",
        "            pass",
        (f"{DISK}::test_a_download_is_on_the_disk_when_it_is_said_to_have_come",),
    ),
    Change(
        "a length that was announced once is forgotten",
        DOWNLOAD,
        "None if is_other else progress.total",
        "None",
        (f"{NOT_THE_FILE}::test_a_length_that_was_announced_once_is_the_files_length",),
    ),
    Change(
        "an undecodable video of unknown length is judged by coming twice",
        FETCH,
        "is_whole = progress.total is not None and ",
        "is_whole = ",
        (
            f"{NOT_THE_FILE}::test_an_undecodable_video_is_judged_only_where_it_is_known_to_be_whole",
        ),
    ),
    Change(
        "a cut video is judged by coming twice",
        FETCH,
        "is_whole = is_whole and refusal.code != CUT",
        "pass",
        (
            f"{NOT_THE_FILE}::test_a_video_that_says_itself_that_it_goes_on_is_cut_whatever_was_announced",
        ),
    ),
    Change(
        "an error of ours in a transfer is no try",
        "editorapp/generations/engine/transfer.py",
        "            _fault(same, error, now=carrier.clock())",
        "            pass",
        (
            f"{NOT_THE_FILE}::test_any_error_of_ours_counts_as_a_try_whatever_part_of_a_transfer_it_is_in",
        ),
    ),
    Change(
        "what is given up before it was sent keeps its money held",
        NOT_SENT,
        "        ledger.release(attempt.pk, now=now, note=note)\n",
        "",
        (ENDS,),
    ),
    Change(
        "the line behind a provider that takes nothing waits for ever",
        NOT_SENT,
        "        transaction.on_commit(partial(end_line, paused, row, now=now), robust=True)\n",
        "",
        (LINE,),
    ),
    Change(
        "what has just come is given up with the line before it",
        NOT_SENT,
        "        created_at__lte=now - timedelta(seconds=lasts),\n",
        "",
        (LINE,),
    ),
    Change(
        "what a sweep has just taken to send is given up with the line",
        NOT_SENT,
        "        lease_token=None,\n        created_at__lte",
        "        created_at__lte",
        (f"{POLICIES}::test_what_a_sweep_has_just_taken_is_not_given_up_with_the_line",),
    ),
    Change(
        "an outage goes on although a post was taken",
        NOT_SENT,
        " or has_taken_any(row.account_id, since=row.since):",
        ":",
        (f"{POLICIES}::test_an_outage_ends_with_the_first_post_that_is_taken",),
    ),
    Change(
        "an outage goes on that nobody has seen for days",
        NOT_SENT,
        " or is_long_ago or",
        " or",
        (f"{POLICIES}::test_an_outage_that_nobody_has_seen_for_days_is_another_one",),
    ),
)

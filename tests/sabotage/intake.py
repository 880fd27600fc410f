"""Files on their way in: what is taken, what is refused, and what is kept in which order."""

from tests.sabotage.change import Change

INTAKE, UPLOADS = "editorapp/media/intake.py", "editorapp/media/uploads/resumable.py"
PART, CLAIM = "editorapp/media/uploads/part_file.py", "editorapp/media/uploads/claim.py"
AGAIN = "tests/web/test_upload_again.py"
ARCHIVE, OPENING = "editorapp/media/decoding/archive.py", "editorapp/media/decoding/opening.py"
HERE, ON_DISK = "tests/media/test_kept_whole.py", "tests/media/test_on_disk.py"
FOLDER, PARTS = "editorapp/media/backends/folder.py", "editorapp/generations/files/partial.py"
DOWNLOAD = "editorapp/generations/files/download.py"

CHANGES = (
    Change(
        "what follows a batch that could not be written is written in its place",
        PART,
        "        is_broken = True\n",
        "",
        ("tests/media/test_running_hash.py",),
    ),
    Change(
        "a stored file has its name before its bytes are on the disk",
        FOLDER,
        '        sync_file(file)\n        reached("keep.fsynced")\n',
        '        reached("keep.fsynced")\n',
        (ON_DISK,),
    ),
    Change(
        "a stored file's name is not on the disk when its row is written",
        FOLDER,
        '        reached("keep.renamed")\n        sync_folder(kept.parent)\n',
        '        reached("keep.renamed")\n',
        (ON_DISK,),
    ),
    Change(
        "a download's part is noted as fetched before it is on the disk",
        PARTS,
        "        os.fsync(self.file.fileno())\n",
        "",
        (ON_DISK,),
    ),
    Change(
        "a download that is shorter than announced is taken",
        DOWNLOAD,
        "    if progress.total is not None and progress.received != progress.total:\n",
        "    if progress.total is not None and progress.received > progress.total:\n",
        (ON_DISK,),
    ),
    Change(
        "an original is kept before its previews: killed between the two, it has none",
        INTAKE,
        """        for what in previews:
            store.keep(folder / what, sha256, what)
        store.keep(path, sha256, store.ORIGINAL)
""",
        """        store.keep(path, sha256, store.ORIGINAL)
        for what in previews:
            store.keep(folder / what, sha256, what)
""",
        (f"{HERE}::test_the_original_is_kept_after_all_that_is_made_of_it",),
    ),
    Change(
        "previews of a file that could not be kept stay on a full disk",
        INTAKE,
        "    except Refusal:\n        _forget_previews(sha256)\n        raise\n",
        "    except Refusal:\n        raise\n",
        (f"{HERE}::test_a_disk_that_is_full_in_the_middle_leaves_no_row_and_no_part_of_a_file",),
    ),
    Change(
        "a stored file that has rotted is given for the same bytes",
        INTAKE,
        "    return asset if store.is_whole(sha256) else None\n",
        "    return asset\n",
        (
            "tests/media/test_intake.py"
            "::test_a_stored_file_that_is_not_what_it_was_is_replaced_when_its_bytes_come_again",
        ),
    ),
    Change(
        "more is taken than was announced",
        UPLOADS,
        "if at + length > upload.size_bytes:",
        "if at > upload.size_bytes:",
        (f"{HERE}::test_more_than_was_announced_is_not_taken_and_none_of_it_stays",),
    ),
    Change(
        "an upload of which bytes are missing is taken for the file",
        UPLOADS,
        "        if here != upload.size_bytes:\n            raise WrongOffset(here)\n",
        "",
        (f"{HERE}::test_an_upload_of_which_bytes_are_missing_is_not_finished",),
    ),
    Change(
        "an archive unpacks to as much as it likes",
        ARCHIVE,
        "if len(frames) > _MAX_FRAMES or any(info.file_size > _MAX_FRAME_BYTES for info in frames):",
        "if len(frames) > _MAX_FRAMES:",
        (
            f"{HERE}::test_an_archive_that_unpacks_to_more_than_any_clip_is_refused_before_it_is_unpacked",
        ),
    ),
    Change(
        "a name in an archive may point outside of it",
        ARCHIVE,
        'if parts.is_absolute() or ".." in parts.parts:',
        "if parts.is_absolute():",
        ("tests/media/test_archive.py::test_an_archive_that_is_not_whole_is_refused_and_gone",),
    ),
    Change(
        "whatever a decoder can read is decoded",
        OPENING,
        "return context is not None and context.codec.canonical_name in CODECS",
        "return context is not None",
        (f"{HERE}::test_a_clip_in_a_coding_that_is_not_on_the_list_is_not_decoded",),
    ),
    Change(
        "of two requests that finish one upload both take the file in",
        CLAIM,
        "    if not Upload.objects.under_way().filter(free, pk=upload.pk).update(claimed_at=now):",
        "    if not Upload.objects.under_way().filter(pk=upload.pk).update(claimed_at=now):",
        ("tests/media/test_pieces.py::test_of_two_machines_that_finish_one_upload_one_does",),
    ),
    Change(
        "a fault of ours while a file is taken in deletes what has arrived",
        UPLOADS,
        "            if not refusal.is_passing:\n                _end(",
        "            if True:\n                _end(",
        (f"{AGAIN}::test_what_is_not_the_files_fault_loses_nothing",),
    ),
    Change(
        "a file under way is used up by the first try to take it in",
        PART,
        "            os.link(self._path, taking)\n",
        "            os.rename(self._path, taking)\n",
        (f"{AGAIN}::test_what_is_not_the_files_fault_loses_nothing",),
    ),
    Change(
        "bytes of a connection that hung are written behind those of the next",
        PART,
        "            if os.lseek(handle, 0, os.SEEK_END) != end:\n                raise _Overtaken\n",
        "",
        (f"{AGAIN}::test_a_connection_that_hangs_holds_nobody_up_and_spoils_nothing",),
    ),
    Change(
        "the pieces of an upload that is still sent are swept when they are old",
        "editorapp/media/backends/bucket.py",
        ' and name.partition("/")[0] not in under_way]',
        "]",
        (
            "tests/media/test_pieces.py::test_of_an_upload_that_somebody_still_sends_no_piece_is_swept",
        ),
    ),
    Change(
        "a decoder that was killed from outside is the file's fault",
        "editorapp/media/decoding/fork_server.py",
        'return "crashed" if killed_by in _OWN_FAULTS | {0} else "interrupted"',
        'return "crashed"',
        (
            "tests/media/test_sandbox.py::test_what_is_killed_each_time_ends_as_something_that_passes",
        ),
    ),
)

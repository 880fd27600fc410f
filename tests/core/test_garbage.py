"""Garbage: what is loaded is set aside, and what comes later is still found."""

import gc
import weakref

from editorapp.core.garbage import keep_loaded


class Ring:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_loaded_is_set_aside_and_later_garbage_is_still_found():
    loaded = Ring()

    keep_loaded()
    later = Ring()

    looked_at = {id(one) for one in gc.get_objects()}
    assert id(loaded) not in looked_at and id(later) in looked_at
    gone = weakref.ref(later)
    del later
    gc.collect()
    assert gone() is None

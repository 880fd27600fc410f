"""Garbage: what a server has loaded stays, and is not looked at again and again."""

import gc


def keep_loaded() -> None:
    """Look for garbage once, and never again in what is there now.

    Django and the models are several hundred thousand objects; Python looks through all of them
    every few dozen pages, which took as long as a page or two.
    """
    gc.collect()
    gc.freeze()

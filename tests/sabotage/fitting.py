"""Sources made to fit, sound on results, and the price of a cut."""

from tests.sabotage.change import Change

SOUND = "editorapp/media/decoding/source_sound.py"
IN_STEP = "tests/media/test_source_sound.py"
CLIFFS, TOLD = "editorapp/web/studio/price_cliffs.py", "tests/web/test_price_cliffs.py"
COPY, FIT = "editorapp/providers/rules/fitting_copy.py", "tests/providers/test_fitting_copy.py"
MADE, BYTES = "editorapp/media/decoding/conversion.py", "tests/media/test_conversion.py"

CHANGES = (
    Change(
        "a source's sound is laid by its own clock, not from its first picture on",
        SOUND,
        "        by = round((span.start - span.source_start) / packet.time_base)\n",
        "        by = round(span.start / packet.time_base)\n",
        (f"{IN_STEP}::test_the_click_is_heard_as_long_after_the_first_picture_as_in_the_source",),
    ),
    Change(
        "a source's sound outlasts the picture",
        SOUND,
        "    return ends > -_LEAD_SECONDS and ends <= span.seconds\n",
        "    return ends > -_LEAD_SECONDS\n",
        (f"{IN_STEP}::test_the_click_is_heard_as_long_after_the_first_picture_as_in_the_source",),
    ),
    Change(
        "a price that merely follows the length is told as a cliff",
        CLIFFS,
        " and saved >= TIMES_THE_CUT * cut\n",
        "\n",
        (f"{TOLD}::test_a_price_that_follows_the_length_is_no_cliff",),
    ),
    Change(
        "a copy of too many bytes is taken as it came out",
        MADE,
        "        if not most or out.stat().st_size <= most:\n",
        "        if True:\n",
        (f"{BYTES}::test_what_cannot_be_made_so_small_is_refused_and_leaves_nothing",),
    ),
    Change(
        "a slower copy has a rate that leaves out parts of frames",
        COPY,
        "    return source.fps / math.ceil(source.fps / Fraction(most))\n",
        "    return Fraction(most)\n",
        (f"{FIT}::test_the_copy_is_said_before_it_is_made",),
    ),
)

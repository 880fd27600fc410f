"""What requests bring: what is refused before anybody keeps it, sends it or reckons with it."""

from tests.sabotage.change import Change

READABLE, MONEY, RULES = (
    "editorapp/core/readable.py",
    "editorapp/core/money.py",
    "editorapp/providers/rules/table.py",
)
VALUES, BAD = "tests/core/test_request_values.py", "tests/web/test_bad_requests.py"

CHANGES = (
    Change(
        "a prompt that nobody can see is priced, queued and paid",
        RULES,
        "    return broken if only_documented else [*broken, *_not_typed(spec, model, wanted)]\n",
        "    return broken\n",
        (f"{BAD}::test_a_prompt_that_nobody_can_see_is_refused_beside_its_price_and_never_queued",),
    ),
    Change(
        "a price is asked for a prompt that cannot be kept",
        "editorapp/generations/request/quotes.py",
        "        if one.rule_id == table.NOT_TYPED:",
        "        if False:\n",
        (f"{BAD}::test_no_price_is_asked_for_what_cannot_be_kept",),
    ),
    Change(
        "a form in other letters than UTF-8 is read",
        READABLE,
        "            check_charset(request)\n",
        "",
        (f"{BAD}::test_a_form_in_utf_16_is_refused_in_words",),
    ),
    Change(
        "an address with a control character reaches the views",
        READABLE,
        "            check_address(request)\n",
        "",
        (f"{BAD}::test_an_address_with_a_control_character_is_refused_before_anything_reads_it",),
    ),
    Change(
        "money is kept that no column holds",
        MONEY,
        "    if not amount.is_finite() or not -MOST_USD <= amount <= MOST_USD:\n",
        "    if not amount.is_finite():\n",
        (f"{VALUES}::test_what_no_column_holds_is_no_amount",),
    ),
    Change(
        "a take's cost may be anything",
        MONEY,
        "    if (amount := usd(figure)) > DEAREST_USD:\n",
        "    if (amount := usd(figure)) > MOST_USD:\n",
        (f"{VALUES}::test_what_nobody_is_charged_for_one_take_is_no_cost",),
    ),
    Change(
        "a note that nobody can see decides about money",
        "editorapp/core/notes.py",
        "    if wrong := wrong_in(words, most=longest):\n",
        "    if len(words) > longest and (wrong := wrong_in(words, most=longest)):\n",
        (f"{BAD}::test_a_note_that_nobody_can_see_decides_nothing",),
    ),
)

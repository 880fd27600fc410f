"""The lineage tree in a real browser: moved, zoomed, by mouse, keys and fingers, on a phone too."""

import pytest

from editorapp.teams.roles import Role
from tests.browser_look import look
from tests.factories import make_member
from tests.generations.test_branches import begin, finish, make_step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
# no file is behind the rows
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#555"/></svg>'


@pytest.fixture
def tree(transactional_db):
    """An admin's tree, wider and higher than a window, with a stale branch; and its last take."""
    admin = make_member(role=Role.ADMIN, name="Ada")
    root = make_step(admin, None, "A quiet street at night")
    line = [root]
    for number in range(7):
        line.append(make_step(admin, line[-1], f"A quiet street at night, {number} lamps"))
        for beside in range(3):
            make_step(admin, line[-2], f"A street in snow {beside}", strength="adhere_1")
    run = begin(line[:3], admin, start=line[2].pk)
    finish(run.steps.get().generation)
    return admin, line[4]


@pytest.fixture
def shown(open_page, tree):
    """Open the tree, with pictures."""

    def show(**options):
        admin, take = tree
        page = open_page(admin, "/me", **options)
        page.route(
            "**/media/**", lambda way: way.fulfill(content_type="image/svg+xml", body=PICTURE)
        )
        page.goto(page.url.removesuffix("/me") + f"/takes/{take.pk}/lineage/")
        page.locator("[data-treeview]").wait_for()
        return page

    return show


def place(page) -> dict[str, float]:
    """Return where the take at hand stands in the window, and how wide it is."""
    return page.locator('[aria-current="true"].treenode').bounding_box()


def scrolled(page) -> tuple[float, float]:
    return tuple(
        page.evaluate(
            "() => { const one = document.querySelector('[data-treeview]'); return [one.scrollLeft, one.scrollTop]; }"
        )
    )


def level(page) -> str:
    return page.locator("[data-zoom-level]").inner_text()


def test_it_can_be_read_at_both_widths_in_both_themes(shown):
    look(shown(), "lineage")


def test_it_opens_on_the_take_at_hand_and_is_dragged_by_the_mouse(shown):
    page = shown()
    view, here = page.locator("[data-treeview]").bounding_box(), place(page)
    assert view["x"] < here["x"] < view["x"] + view["width"] - here["width"]
    before = scrolled(page)

    page.mouse.move(here["x"] + 60, here["y"] + 40)  # on a link: dragged, it is not followed
    page.mouse.down()
    page.mouse.move(here["x"] + 160, here["y"] - 10, steps=5)
    page.mouse.up()

    after = scrolled(page)
    assert (before[0] - after[0], after[1] - before[1]) == (100, 50)
    assert page.url.endswith("/lineage/")


def test_keys_zoom_and_move_and_fit(shown):
    page = shown()
    page.locator("[data-treeview]").focus()
    before = scrolled(page)

    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "left => document.querySelector('[data-treeview]').scrollLeft < left", arg=before[0]
    )
    wide = place(page)["width"]
    page.keyboard.press("+")
    assert level(page) == "125 %" and place(page)["width"] == pytest.approx(wide * 1.25, abs=1)
    page.keyboard.press("-")
    assert level(page) == "100 %"
    page.keyboard.press("0")
    fits = page.evaluate(
        "() => { const one = document.querySelector('[data-treeview]');"
        " return one.scrollWidth <= one.clientWidth + 1 && one.scrollHeight <= one.clientHeight + 1; }"
    )
    assert fits and level(page) != "100 %"


def test_a_zoom_with_the_wheel_keeps_what_is_under_the_hand(shown):
    page = shown()
    here = place(page)
    middle = here["x"] + here["width"] / 2, here["y"] + here["height"] / 2
    page.mouse.move(*middle)

    page.keyboard.down("Control")
    page.mouse.wheel(0, -90)
    page.keyboard.up("Control")
    page.wait_for_function(
        "() => document.querySelector('[data-zoom-level]').textContent !== '100 %'"
    )

    now = place(page)
    assert now["width"] > here["width"]
    assert now["x"] + now["width"] / 2 == pytest.approx(middle[0], abs=3)
    assert now["y"] + now["height"] / 2 == pytest.approx(middle[1], abs=3)


def test_two_fingers_zoom_on_a_phone(shown):
    page = shown(width=390, height=844, has_touch=True, is_mobile=True)
    here = place(page)
    x, y = here["x"] + here["width"] / 2, here["y"] + here["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if apart else []}
        )

    touch("touchStart", 60)
    for apart in (50, 40, 30):
        touch("touchMove", apart)
    touch("touchEnd", 0)

    page.wait_for_function(
        "() => document.querySelector('[data-zoom-level]').textContent !== '100 %'"
    )
    assert place(page)["width"] == pytest.approx(here["width"] / 2, rel=0.1)
    wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def test_it_works_without_script(shown):
    page = shown(java_script_enabled=False)
    here = page.locator('[aria-current="true"].treenode')

    assert page.locator("[data-zoom]").first.is_hidden()
    assert here.count() == 1
    page.locator(".stale-flag a").first.click()
    page.get_by_role("button", name="Run ").wait_for()


def test_a_branch_is_quoted_and_begun_by_the_keyboard(shown):
    page = shown()
    page.get_by_role("link", name="Run this branch again").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Run 5 steps for $5.40").wait_for()
    look(page, "branch")
    page.get_by_role("button", name="Run 5 steps for $5.40").focus()
    page.keyboard.press("Enter")

    page.get_by_text("4 more follow").wait_for()
    page.locator(".branch-run").first.get_by_text("Waits for the step before").first.wait_for()

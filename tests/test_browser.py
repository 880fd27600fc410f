"""The one Chromium of a test process, among files that use none."""

import asyncio

import pytest
from playwright.sync_api import Browser

from tests.browser import new_context


def test_a_file_that_uses_no_browser_may_run_a_loop_of_its_own_and_the_browser_goes_on_after_it(
    started_chromium: tuple[Browser, asyncio.AbstractEventLoop], request: pytest.FixtureRequest
) -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert asyncio.run(answer()) == 42

    context = new_context(request.getfixturevalue("chromium"))
    assert context.new_page().evaluate("() => 6 * 7") == 42
    context.close()

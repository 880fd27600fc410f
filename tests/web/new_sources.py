"""New sources in the studio: the worker's part in tests of what asks for one."""

from playwright.sync_api import Page, expect

from editorapp.media import tasks


def have_made(page: Page) -> None:
    """Have a worker make the new source that the page waits for."""
    expect(page.locator("#source-copy")).to_contain_text("Making")
    tasks.make_source_copies()

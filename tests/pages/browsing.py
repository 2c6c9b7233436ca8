"""How the tests of the pages go from one page to the next."""

from playwright.sync_api import Page


def click(page: Page, selector: str) -> None:
    """Click, and let the page that it leads to, if any, load whole: Playwright waits for its first byte only."""
    page.click(selector)
    page.wait_for_load_state()

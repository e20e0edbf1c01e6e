"""The ways to use a page: with a mouse, or with the keyboard alone."""

from playwright.sync_api import Locator, Page

MAX_TABS = 400
"""Presses of Tab after which an element counts as unreachable."""


class Mouse:
    def __init__(self, page: Page) -> None:
        self.page = page

    def find(self, element: Locator) -> Locator:
        """Return the element once it is visible and the scripts of its page have run.

        The HTML of a page arrives in parts: an element can be visible before its scripts have run.
        """
        element.wait_for()
        self.page.wait_for_load_state()
        return element

    def press(self, element: Locator) -> None:
        """Follow a link, press a button or open a menu."""
        self.find(element).click()

    def check(self, box: Locator) -> None:
        self.find(box).check()

    def fill(self, field: Locator, text: str) -> None:
        self.find(field).fill(text)

    def select(self, field: Locator, option: str) -> None:
        """Select an option of a select, or of the combobox that scripts replace a long one with."""
        if self.find(field).evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=option)
        else:
            field.fill(option)
            self.page.get_by_role("option", name=option, exact=True).click()


class Keyboard(Mouse):
    """Tab reaches every element; Enter and the space bar do the rest."""

    def go_to(self, element: Locator) -> None:
        """Press Tab until the element has the focus."""
        self.find(element)
        for _press in range(MAX_TABS):
            if element.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab doesn't reach {element}.")

    def press(self, element: Locator) -> None:
        self.go_to(element)
        self.page.keyboard.press("Enter")

    def check(self, box: Locator) -> None:
        self.go_to(box)
        self.page.keyboard.press("Space")

    def fill(self, field: Locator, text: str) -> None:
        self.go_to(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def select(self, field: Locator, option: str) -> None:
        self.fill(field, option)
        self.page.keyboard.press("Enter")


DEVICES = {"mouse": (Mouse, True), "mouse, no scripts": (Mouse, False), "keyboard": (Keyboard, True)}
"""The class of each device, and whether scripts run."""

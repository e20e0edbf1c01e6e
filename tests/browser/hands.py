"""The ways to use a page: with a mouse, or by keyboard alone."""

from playwright.sync_api import Locator, Page

FURTHEST = 400
"""Presses of Tab after which something counts as out of reach."""


class Mouse:
    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, place: Locator) -> None:
        """Follow a link, press a button, open what is folded."""
        place.click()

    def check(self, box: Locator) -> None:
        box.check()

    def fill(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        """Choose in a select, or in the field to type in that scripts make of a long one."""
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=option)
        else:
            field.fill(option)
            self.page.get_by_role("option", name=option, exact=True).click()


class Keyboard(Mouse):
    """Tab leads everywhere; Enter and the space bar do the rest."""

    def go_to(self, place: Locator) -> None:
        place.wait_for()
        for _press in range(FURTHEST):
            if place.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {place}.")

    def press(self, place: Locator) -> None:
        self.go_to(place)
        self.page.keyboard.press("Enter")

    def check(self, box: Locator) -> None:
        self.go_to(box)
        self.page.keyboard.press("Space")

    def fill(self, field: Locator, text: str) -> None:
        self.go_to(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.fill(field, option)
        self.page.keyboard.press("Enter")


WAYS = {"mouse": (Mouse, True), "mouse, no scripts": (Mouse, False), "keyboard": (Keyboard, True)}

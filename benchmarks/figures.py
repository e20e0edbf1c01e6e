"""Figures of heroesite alone, with the goals that they are compared with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        goal: the highest value to reach or, with ``at_least``, the lowest.
    """

    name: str
    value: float
    unit: str
    goal: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {number(self.goal)} {self.unit}"

    def __str__(self) -> str:
        return f"{self.name} ({number(self.value)} {self.unit}, goal {self.goal_text})"


def number(value: float) -> str:
    """Return a number with one decimal place, two if it is small, or none if it is large or whole."""
    if abs(value) < 1:
        return f"{value:,.2f}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"

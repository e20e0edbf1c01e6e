"""The addresses of many records, from a URL pattern that is reversed only once."""

from django.urls import reverse


class Addresses:
    """The addresses of pages whose only argument is an id.

    Args:
        name: the name of the URL pattern.
    """

    def __init__(self, name: str) -> None:
        self.start, _zero, self.end = reverse(name, args=[0]).rpartition("/0/")

    def of(self, pk: int) -> str:
        return f"{self.start}/{pk}/{self.end}"

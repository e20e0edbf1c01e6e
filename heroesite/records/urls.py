"""The addresses that each kind of record has."""

from types import ModuleType

from django.urls import URLPattern, path


def record_urls(views: ModuleType, kind: str) -> list[URLPattern]:
    """Addresses for the pages in ``views``, which are named after ``kind``: ``HeroList``, …"""
    addresses = {
        "list": "",
        "create": "new/",
        "detail": "<int:pk>/",
        "update": "<int:pk>/edit/",
        "delete": "<int:pk>/delete/",
        "reveal": "<int:pk>/reveal/",
    }
    return [
        path(address, getattr(views, f"{kind}{name.capitalize()}").as_view(), name=name)
        for name, address in addresses.items()
    ]

"""These tests start the site in processes of its own, each with its own database: once is enough."""

import os
from pathlib import Path

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    """Leaves them out of the run on PostgreSQL, named outright or not."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        config.hook.pytest_deselected(items=[item for item in items if item.path.is_relative_to(HERE)])
        items[:] = [item for item in items if not item.path.is_relative_to(HERE)]

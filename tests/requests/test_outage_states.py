"""Errors of PostgreSQL that real servers seldom report are recognized as outages."""

from types import SimpleNamespace

import psycopg
import pytest

from heroesite.database.outages import State, outage_of


class FullVolume(psycopg.errors.DiskFull):
    """SQLSTATE 53100, as PostgreSQL reports it for a data volume and, as a panic, for its WAL volume."""

    severity = "ERROR"

    @property
    def diag(self):
        return SimpleNamespace(severity_nonlocalized=self.severity)


class Panic(FullVolume):
    severity = "PANIC"


@pytest.mark.parametrize(
    ("error", "state", "status", "retry_after"),
    [(FullVolume, State.FULL, 507, None), (Panic, State.UNREACHABLE, 503, 5)],
)
def test_a_full_volume_for_data_is_507_and_one_for_the_log_503(error, state, status, retry_after):
    outage = outage_of(error("could not write"))
    assert (outage.state, outage.status, outage.retry_after) == (state, status, retry_after)

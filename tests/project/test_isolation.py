"""No test depends on those before it."""

import pytest
from django.conf import settings
from django.utils.translation import get_language


@pytest.mark.parametrize("run", ["first", "second"])
def test_a_test_begins_in_the_default_language(run, client, db):
    assert get_language() == settings.LANGUAGE_CODE
    client.get("/account/login/", headers={"Accept-Language": "de"})
    assert get_language() == "de"

"""A webhook is told of a change by the site's own worker, soon after."""

import json

from tests.webhooks.receiver import receiving

from .processes import manage, serving
from .test_jobs import wait_until

SUBSCRIBE = """
from heroesite.webhooks.models import Webhook
Webhook.objects.create(url={url!r}, kinds=["hero"], actions=["created"])
"""
WRITE = """
from heroes.models import Hero
Hero(name="Nightjar", secret_name="Nora Hidden", age=31).save()
"""


def test_a_change_is_told_by_the_worker(furnished):
    allowed = {"WEBHOOK_ALLOW_PRIVATE": "true"}
    with receiving() as receiver, serving(furnished, **allowed):
        for code in (SUBSCRIBE.format(url=receiver.url), WRITE):
            ran = manage(furnished, "shell", "--no-imports", "-c", code, **allowed)
            assert ran.returncode == 0, ran.stderr
        wait_until(lambda: receiver.got)
    [(_headers, body)] = receiver.got
    assert json.loads(body)["data"]["record"]["name"] == "Nightjar"

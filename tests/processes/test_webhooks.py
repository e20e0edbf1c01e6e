"""The site's worker sends a change to a webhook soon after the write."""

import json

from tests.webhooks.receiver import receiving

from .processes import manage, serving
from .test_jobs import wait_until

ADD_WEBHOOK = """
from heroesite.webhooks.models import Webhook
Webhook.objects.create(url={url!r}, kinds=["hero"], actions=["created"])
"""
ADD_HERO = """
from heroes.models import Hero
Hero(name="Nightjar", secret_name="Nora Hidden", age=31).save()
"""


def test_the_worker_sends_a_change(register_folder):
    with receiving() as receiver:
        allowed = {"WEBHOOK_ALLOW_PRIVATE": "true", "WEBHOOK_PORTS": str(receiver.port)}
        with serving(register_folder, **allowed):
            for code in (ADD_WEBHOOK.format(url=receiver.url), ADD_HERO):
                ran = manage(register_folder, "shell", "--no-imports", "-c", code, **allowed)
                assert ran.returncode == 0, ran.stderr
            wait_until(lambda: receiver.requests)
    [(_headers, body)] = receiver.requests
    assert json.loads(body)["data"]["record"]["name"] == "Nightjar"

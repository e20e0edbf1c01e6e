"""Cancels the deliveries of inactive webhooks, and renames what an attempt stores."""

import django.utils.timezone
from django.db import migrations, models

import heroesite.webhooks.addresses
import heroesite.webhooks.models


def cancel_deliveries(apps, schema_editor):
    apps.get_model("webhooks", "Webhook").objects.filter(active=False).update(after="")
    waiting = apps.get_model("webhooks", "Delivery").objects.filter(webhook__active=False, state="waiting")
    waiting.update(state="cancelled", due=None)


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        migrations.RunPython(cancel_deliveries, migrations.RunPython.noop),
        migrations.RenameField(model_name="attempt", old_name="answer", new_name="response"),
        migrations.RenameField(model_name="attempt", old_name="fault", new_name="error"),
        migrations.AlterField(
            model_name="attempt",
            name="response",
            field=models.TextField(blank=True, verbose_name="response"),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="error",
            field=models.TextField(blank=True, verbose_name="error"),
        ),
        migrations.AddField(
            model_name="webhook",
            name="active_since",
            field=models.DateTimeField(editable=False, null=True, verbose_name="active since"),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="sent"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="at",
            field=models.DateTimeField(
                db_index=True, default=django.utils.timezone.now, verbose_name="created"
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="due",
            field=models.DateTimeField(
                default=django.utils.timezone.now, null=True, verbose_name="next attempt"
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="message",
            field=models.CharField(
                default=heroesite.webhooks.models.new_message,
                max_length=40,
                unique=True,
                verbose_name="message ID",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("delivered", "delivered"),
                    ("failed", "failed"),
                    ("cancelled", "cancelled"),
                ],
                default="waiting",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="type",
            field=models.CharField(max_length=100, verbose_name="event"),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="kinds",
            field=models.JSONField(default=list, verbose_name="record types"),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="url",
            field=models.CharField(
                help_text="We'll POST each change to this URL, signed with a secret you'll see after saving.",
                max_length=500,
                validators=[heroesite.webhooks.addresses.validate_webhook_url],
                verbose_name="URL",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("active", True), models.Q(("active_since", None), ("after", "")), _connector="OR"
                ),
                name="webhooks_webhook_inactive_without_place",
            ),
        ),
    ]

from collections import defaultdict

import django.db.models.deletion
from django.conf import settings
from django.core.management import CommandError
from django.db import migrations, models

from heroesite.text import fold

MESSAGE = """Usernames must be unique ignoring case, and these are not:
{names}
Rename all but one on each line, for example:
  python manage.py shell -c "from django.contrib.auth.models import User; User.objects.filter(pk={pk}).update(username='NEW NAME')"
Then run the migration again: python manage.py migrate"""


def stored_usernames(apps, schema_editor):
    """Return the ids and names of all users by their folded names."""
    users = apps.get_model("auth", "User").objects.using(schema_editor.connection.alias)
    found = defaultdict(list)
    for pk, username in users.order_by("pk").values_list("pk", "username").iterator():
        found[fold(username)].append((pk, username))
    return found


def check_collisions(apps, schema_editor):
    """
    Raises:
        CommandError: two users have the same folded name. Lists them all.
    """
    collisions = [users for users in stored_usernames(apps, schema_editor).values() if len(users) > 1]
    if collisions:
        lines = [", ".join(f"{name} (id {pk})" for pk, name in users) for users in collisions]
        names = "\n".join(f"  {line}" for line in lines)
        raise CommandError(MESSAGE.format(names=names, pk=collisions[0][1][0]))


def store_keys(apps, schema_editor):
    folded = apps.get_model("accounts", "FoldedUsername").objects.using(schema_editor.connection.alias)
    usernames = stored_usernames(apps, schema_editor)
    rows = (folded.model(user_id=users[0][0], key=key) for key, users in usernames.items())
    folded.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.RunPython(check_collisions, migrations.RunPython.noop),
        migrations.CreateModel(
            name="FoldedUsername",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="folded_username",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("key", models.CharField(max_length=600, unique=True)),
            ],
            options={
                "verbose_name": "folded username",
                "verbose_name_plural": "folded usernames",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(store_keys, migrations.RunPython.noop),
    ]

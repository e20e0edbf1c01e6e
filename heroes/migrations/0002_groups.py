"""The groups: Editors write, Keepers see secret names as well."""

from django.db import migrations

KINDS = (("teams", "team"), ("heroes", "hero"))
ACTIONS = ("add", "change", "delete", "view")


def create_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")

    def permission(app, model, codename, name):
        kind, _ = ContentType.objects.get_or_create(app_label=app, model=model)
        return Permission.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )[0]

    editing = [
        permission(app, model, f"{action}_{model}", f"Can {action} {model}")
        for app, model in KINDS
        for action in ACTIONS
    ]
    seeing = permission("heroes", "hero", "view_secret_name", "Can see secret names")
    Group.objects.get_or_create(name="Editors")[0].permissions.add(*editing)
    Group.objects.get_or_create(name="Keepers")[0].permissions.add(*editing, seeing)


class Migration(migrations.Migration):
    dependencies = [
        ("heroes", "0001_initial"),
        ("teams", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]

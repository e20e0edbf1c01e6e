from django.db import migrations

from heroesite.records.models.operations import CheckLinksAtOnce


class Migration(migrations.Migration):
    dependencies = [("heroes", "0002_groups")]

    operations = [CheckLinksAtOnce("hero", "team")]

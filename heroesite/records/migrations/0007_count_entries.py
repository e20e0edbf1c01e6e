from django.db import migrations

COUNTS = """
    SELECT '{app_label}.{model_name}.' || CASE
        WHEN history_type = '-' THEN 'deleted'
        WHEN history_type = '~' THEN 'changed'
        WHEN version > 1 AND EXISTS (
            SELECT 1 FROM {table} AS before WHERE before.id = entry.id AND before.version = entry.version - 1
        ) THEN 'restored'
        ELSE 'created' END AS key, count(*) AS entries
    FROM {table} AS entry WHERE entry.change_set_id = records_changeset.id GROUP BY 1
"""
UPDATE = """
    UPDATE records_changeset SET entry_counts =
        COALESCE((SELECT {aggregate}(key, entries) FROM ({counts}) AS counted), '{{}}')
    WHERE entry_counts IS NULL
"""
AGGREGATES = {"postgresql": "jsonb_object_agg", "sqlite": "json_group_object"}


def count_entries(apps, schema_editor):
    """Count the entries of all histories, by change set, record type and action.

    This is one statement: a change set that is committed meanwhile has no counts, rather than wrong ones.
    """
    histories = [
        model for model in apps.get_models() if "change_set" in {field.name for field in model._meta.fields}
    ]
    counts = [
        COUNTS.format(
            app_label=model._meta.app_label,
            model_name=model._meta.model_name.removeprefix("historical"),
            table=schema_editor.quote_name(model._meta.db_table),
        )
        for model in histories
    ]
    aggregate = AGGREGATES[schema_editor.connection.vendor]
    if counts:
        schema_editor.execute(UPDATE.format(aggregate=aggregate, counts=" UNION ALL ".join(counts)))


class Migration(migrations.Migration):
    """Separate from the one that adds the column, which locks the table until it ends."""

    dependencies = [
        ("records", "0006_entry_counts"),
    ]

    operations = [
        migrations.RunPython(count_entries, migrations.RunPython.noop),
    ]

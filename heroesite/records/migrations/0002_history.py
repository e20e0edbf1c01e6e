
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='disclosure',
            name='door',
            field=models.CharField(choices=[('admin', 'admin'), ('page', 'page'), ('api', 'API'), ('import', 'import'), ('command', 'command')], max_length=10, verbose_name='door'),
        ),
        migrations.CreateModel(
            name='ChangeSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='when')),
                ('door', models.CharField(choices=[('admin', 'admin'), ('page', 'page'), ('api', 'API'), ('import', 'import'), ('command', 'command')], max_length=10, verbose_name='door')),
                ('username', models.CharField(blank=True, db_index=True, max_length=150, verbose_name='user name')),
                ('token', models.CharField(blank=True, max_length=100, verbose_name='token')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('undoes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='undone_by', to='records.changeset', verbose_name='undoes')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'change set',
                'verbose_name_plural': 'change sets',
                'ordering': ['-id'],
            },
        ),
    ]

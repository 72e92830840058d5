from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_guard_audit_trail"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="leaving_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]

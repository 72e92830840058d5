from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_endpoints_and_deliveries"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="swept_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("lease_until__isnull", False), ("state", "pending")
                ),
                fields=["endpoint", "lease_until"],
                name="delivery_leased",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("purpose", "test"), ("state", "pending")),
                fields=["endpoint", "message"],
                name="delivery_tests",
            ),
        ),
    ]

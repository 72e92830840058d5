# The first tables of billing.

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            (
                                "key_exposed",
                                "The provider found its API key exposed on the internet. Replace it at once.",
                            ),
                            (
                                "unknown_subject",
                                "The provider told of a subscription that belongs to nobody here.",
                            ),
                            (
                                "foreign_claim",
                                "A payment names another user's checkout. It was not counted.",
                            ),
                            (
                                "foreign_price",
                                "A subscription has a price that is not in the catalog. It opens nothing.",
                            ),
                            (
                                "wrong_amount",
                                "A payment's amount or currency is not the catalog's.",
                            ),
                            ("chargeback", "A payment was charged back."),
                            (
                                "two_subscriptions",
                                "One user would be charged for two subscriptions.",
                            ),
                            (
                                "not_canceled",
                                "A subscription could not be canceled at its provider. Cancel it there.",
                            ),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject", models.CharField(max_length=80)),
                ("raised_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-raised_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("code", "subject"),
                        name="one_open_alert_per_subject",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CatalogPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                ("external_id", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[("vehicle", "Vehicle"), ("site", "Energy site")],
                        max_length=8,
                    ),
                ),
                (
                    "cycle",
                    models.CharField(
                        choices=[("month", "Monthly"), ("year", "Yearly")], max_length=8
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("minor", models.BigIntegerField()),
                ("countries", models.JSONField(default=list)),
                ("read_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "external_id", "currency"),
                        name="one_catalog_price_per_currency",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Checkout",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("subscribe", "a new subscription"),
                            ("payment_method", "new payment details"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "cycle",
                    models.CharField(
                        choices=[("month", "Monthly"), ("year", "Yearly")], max_length=8
                    ),
                ),
                ("vehicles", models.PositiveIntegerField(default=0)),
                ("sites", models.PositiveIntegerField(default=0)),
                ("products", models.JSONField(default=list)),
                ("customer_id", models.CharField(blank=True, max_length=64)),
                ("transaction_id", models.CharField(blank=True, max_length=64)),
                ("subscription_id", models.CharField(blank=True, max_length=64)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("asked_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checkouts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("purpose", "subscribe"), ("state", "open")),
                        fields=("user",),
                        name="one_open_checkout_per_user",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("transaction_id", ""), _negated=True),
                        fields=("provider", "transaction_id"),
                        name="one_checkout_per_transaction",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                ("external_id", models.CharField(max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="customers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "external_id"), name="one_user_per_customer"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                ("transaction_id", models.CharField(max_length=64)),
                ("subscription_id", models.CharField(blank=True, max_length=64)),
                ("number", models.CharField(blank=True, max_length=64)),
                ("minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("billed_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="invoices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-billed_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "transaction_id"),
                        name="one_row_per_invoice",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                ("event_id", models.CharField(max_length=80)),
                ("event_type", models.CharField(max_length=80)),
                ("subject", models.CharField(blank=True, db_index=True, max_length=64)),
                ("occurred_at", models.DateTimeField()),
                (
                    "received_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                ("processed_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Waiting"),
                            ("applied", "Applied"),
                            ("stale", "Older than what is known"),
                            ("ignored", "Tells nothing that is used"),
                            ("unknown", "Of nobody that is known here"),
                            ("failed", "Could not be read"),
                        ],
                        max_length=8,
                    ),
                ),
                ("body", models.JSONField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="provider_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at", None)),
                        fields=["occurred_at"],
                        name="provider_event_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "event_id"), name="one_row_per_event"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "provider",
                    models.CharField(choices=[("paddle", "Paddle")], max_length=8),
                ),
                ("external_id", models.CharField(max_length=64)),
                ("customer_id", models.CharField(blank=True, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("incomplete", "Not paid yet"),
                            ("trialing", "Trial"),
                            ("active", "Active"),
                            ("past_due", "Payment overdue"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                        ],
                        default="incomplete",
                        max_length=16,
                    ),
                ),
                ("provider_status", models.CharField(blank=True, max_length=40)),
                ("currency", models.CharField(max_length=3)),
                (
                    "cycle",
                    models.CharField(
                        choices=[("month", "Monthly"), ("year", "Yearly")], max_length=8
                    ),
                ),
                ("vehicles", models.PositiveIntegerField(default=0)),
                ("sites", models.PositiveIntegerField(default=0)),
                ("products", models.JSONField(default=list)),
                ("paid_until", models.DateTimeField(null=True)),
                ("next_billed_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("past_due_at", models.DateTimeField(null=True)),
                ("canceled_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "scheduled_action",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cancel", "ends"),
                            ("pause", "pauses"),
                            ("resume", "resumes"),
                        ],
                        max_length=8,
                    ),
                ),
                ("scheduled_at", models.DateTimeField(null=True)),
                ("occurred_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "external_id"),
                        name="one_row_per_subscription",
                    )
                ],
            },
        ),
    ]

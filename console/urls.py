"""Every address of the pages, composed from the apps."""

from allauth.account import views as allauth_views
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts import proofs
from console.views import (
    account,
    checkout,
    dashboard,
    deletion,
    errors,
    export,
    front,
    passkeys,
    removal,
    status,
    stripe,
    subscription,
)

_console = [
    path("", front.front, name="front"),
    path("status", status.status, name="status"),
    path("console/", dashboard.dashboard, name="dashboard"),
    path("console/refresh", dashboard.refresh, name="refresh"),
    path("console/account", account.account, name="account"),
    path("console/preferences", account.preferences, name="preferences"),
    path("console/delete", deletion.delete, name="delete"),
    path("goodbye/<uuid:pk>", deletion.goodbye, name="goodbye"),
    path("console/export", export.export, name="export"),
    path("console/export/<uuid:pk>", export.export_download, name="export_download"),
    path("console/scopes/<uuid:pk>/unlink", removal.grant_unlink, name="grant_unlink"),
    path(
        "console/vehicle/<str:vin>/remove",
        removal.vehicle_remove,
        name="vehicle_remove",
    ),
    path(
        "console/energy/<int:site_id>/remove",
        removal.energy_site_remove,
        name="energy_site_remove",
    ),
    path("console/subscription", subscription.subscription, name="subscription"),
    path(
        "console/subscription/change",
        subscription.subscription_change,
        name="subscription_change",
    ),
    path(
        "console/subscription/checkout",
        checkout.subscription_checkout,
        name="subscription_checkout",
    ),
    path(
        "console/subscription/confirm/<uuid:pk>",
        checkout.subscription_confirm,
        name="subscription_confirm",
    ),
    path(
        "console/subscription/alerts/<int:pk>/settle",
        subscription.alert_settle,
        name="alert_settle",
    ),
    path(
        "console/subscription/stripe",
        stripe.subscription_stripe,
        name="subscription_stripe",
    ),
    path(
        "console/subscription/stripe/undo",
        stripe.subscription_stripe_undo,
        name="subscription_stripe_undo",
    ),
    path(
        "console/subscription/stripe/<uuid:pk>/move",
        stripe.subscription_stripe_move,
        name="subscription_stripe_move",
    ),
    path(
        "console/subscription/stripe/<uuid:pk>/at/<slug:what>",
        stripe.subscription_stripe_portal,
        name="subscription_stripe_portal",
    ),
    path(
        "console/subscription/stripe/<uuid:pk>/<slug:verb>",
        stripe.subscription_stripe_act,
        name="subscription_stripe_act",
    ),
    path(
        "console/subscription/<slug:verb>",
        subscription.subscription_act,
        name="subscription_act",
    ),
]

# Before those of allauth, which they guard.
_guarded = [
    path(
        "accounts/email/",
        proofs.before(allauth_views.email),
        name="account_email",
    ),
    path(
        "accounts/password/set/",
        proofs.before(allauth_views.password_set),
        name="account_set_password",
    ),
    path(
        "accounts/2fa/webauthn/keys/<int:pk>/remove/",
        passkeys.passkey_remove,
        name="mfa_remove_webauthn",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include((_console, "console"))),
    path("", include("accounts.urls")),
    path("", include("tokens.urls")),
    path("", include("billing.urls")),
    path("", include("webhooks.urls")),
    path("", include("vehicles.urls")),
    path("", include("energy.urls")),
    path("", include("api.urls")),
    *_guarded,
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

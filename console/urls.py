"""Every address of the pages, composed from the apps."""

from allauth.account import views as allauth_views
from django.urls import URLPattern, URLResolver, include, path

from accounts import proofs
from console.views import account, dashboard, errors, front

_console = [
    path("", front.front, name="front"),
    path("console/", dashboard.dashboard, name="dashboard"),
    path("console/refresh", dashboard.refresh, name="refresh"),
    path("console/account", account.account, name="account"),
    path("console/preferences", account.preferences, name="preferences"),
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
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((_console, "console"))),
    path("", include("accounts.urls")),
    path("", include("tokens.urls")),
    path("", include("vehicles.urls")),
    path("", include("energy.urls")),
    *_guarded,
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

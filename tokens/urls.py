"""The addresses of sign-in with Tesla, access tokens and scopes."""

from django.urls import path

from tokens.views import access_tokens, scopes, tesla

app_name = "tokens"
urlpatterns = [
    path("accounts/tesla/sign-in", tesla.tesla_sign_in, name="tesla_sign_in"),
    path("accounts/tesla/callback", tesla.tesla_callback, name="tesla_callback"),
    path("accounts/tesla/prove", tesla.prove, name="prove"),
    path("console/tokens", access_tokens.access_tokens, name="access_tokens"),
    path(
        "console/tokens/<uuid:pk>/remove",
        access_tokens.access_token_remove,
        name="access_token_remove",
    ),
    path("console/scopes", scopes.scopes, name="scopes"),
]

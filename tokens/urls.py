"""The addresses of sign-in with Tesla, access tokens and scopes."""

from django.urls import path

from tokens.views import access_tokens, connect, oauth, scopes, tesla

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
    path("connect", connect.connect, name="connect"),
    path("console/connect", connect.program_connect, name="program_connect"),
    path("oauth/token", oauth.oauth_token, name="oauth_token"),
    path("console/scopes", scopes.scopes, name="scopes"),
]

"""The addresses of accounts; allauth's own pages stand under `/accounts/`."""

from django.urls import path

from accounts.views import activity, letters, owner

app_name = "accounts"
urlpatterns = [
    path("welcome", owner.welcome, name="welcome"),
    path("console/letters", letters.letters, name="letters"),
    path("console/account/activity", activity.activity, name="activity"),
]

"""The addresses of accounts; allauth's own pages stand under `/accounts/`."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("welcome", views.welcome, name="welcome"),
    path("console/letters", views.letters, name="letters"),
]

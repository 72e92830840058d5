"""The addresses that payment providers call."""

from django.urls import path

from billing import views

app_name = "billing"
urlpatterns = [
    path("billing/webhooks/<slug:provider_name>", views.webhook, name="webhook"),
]

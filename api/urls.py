"""The addresses at which the API is described."""

from django.urls import path

from api import views

app_name = "api"
urlpatterns = [
    path("docs", views.docs, name="docs"),
    path("docs/<slug:name>", views.endpoint, name="endpoint"),
    path("openapi.yaml", views.openapi, name="openapi"),
    path("fields.json", views.fields, name="fields"),
]

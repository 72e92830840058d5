"""Addresses of the pages about energy sites."""

from django.urls import path

from energy import views

app_name = "energy"
urlpatterns = [
    path("console/energy/<int:site_id>", views.energy_site, name="energy_site"),
    path("console/energy/<int:site_id>/ask", views.ask, name="ask"),
    path(
        "console/energy/<int:site_id>/inquiries/<uuid:inquiry_id>",
        views.inquiry,
        name="inquiry",
    ),
]

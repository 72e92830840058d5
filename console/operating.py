"""Put the operator's site in the place of Django's own admin site."""

from django.contrib.admin.apps import AdminConfig


class OperatorConfig(AdminConfig):
    """Django's admin, with the operator's front page and sign-in."""

    default_site = "console.operator_site.OperatorSite"

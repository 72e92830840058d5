"""The operator's admin site: who may enter it, and what its front page says."""

from django.contrib.admin import AdminSite


class OperatorSite(AdminSite):
    """Django's admin for the owner, and for support staff to read."""

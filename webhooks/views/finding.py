"""Find the webhook that an address names, for the person who asks."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.http import UserRequest
from webhooks.models import Endpoint


def found(request: UserRequest, pk: UUID) -> Endpoint:
    """Return a webhook of the user's; a stranger's is a 404 like none."""
    return get_object_or_404(Endpoint, pk=pk, user=request.user)

"""The front page: what this is, and the two ways in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Say what Keyfob is; offer the ways in, or the console to who is signed in."""
    return render(request, "console/front.html")

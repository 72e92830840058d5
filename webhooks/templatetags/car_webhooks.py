"""The webhooks that are told of a car, for the pages about that car."""

from typing import Any

from django import template

from webhooks.cards import lines_of

register = template.Library()


@register.inclusion_tag("webhooks/_of_car.html", takes_context=True)
def webhooks_of_car(context: dict[str, Any], vin: str) -> dict[str, Any]:
    """Show the person's webhooks that are told of a car, and the way to one more.

    The page must have looked up the car for this person already.
    """
    return {"lines": lines_of(context["request"].user, vin), "vin": vin}

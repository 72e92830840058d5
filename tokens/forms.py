"""What a person types about access tokens."""

import uuid

from django import forms
from django.core.exceptions import ValidationError

_LONGEST_NAME = 80
_LONGEST_FORM_ID = 64


class AccessTokenForm(forms.Form):
    """A new token's name; `form_id` tells a page that is sent twice from two pages."""

    name = forms.CharField(
        label_suffix="",
        max_length=_LONGEST_NAME,
        help_text="The program that will use it, so that you know it again.",
        widget=forms.TextInput(attrs={"placeholder": "evcc", "autocomplete": "off"}),
    )
    form_id = forms.CharField(
        max_length=_LONGEST_FORM_ID, required=False, widget=forms.HiddenInput
    )

    def clean_name(self) -> str:
        """Refuse signs that cannot be seen, such as a line break."""
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise ValidationError("Use only signs that can be seen.")
        return name


def blank(name: str = "") -> AccessTokenForm:
    """Return a fresh form, its name filled in where it is known already."""
    initial = {"name": name[:_LONGEST_NAME], "form_id": uuid.uuid4().hex}
    return AccessTokenForm(initial=initial)

"""Check what a person sends about an energy site."""

from django import forms

from energy.services.sites import ENDPOINTS


class AskForm(forms.Form):
    """Check what is to be asked about the site."""

    endpoint = forms.ChoiceField(choices=[(name, name) for name in ENDPOINTS])

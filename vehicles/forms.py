"""Check what a person sends about a car."""

from django import forms

from vehicles.services.asking import ENDPOINTS


class AskForm(forms.Form):
    """Check what is to be asked about the car."""

    endpoint = forms.ChoiceField(choices=[(name, name) for name in ENDPOINTS])

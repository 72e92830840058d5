"""Check what a person sends about a car."""

from django import forms

from vehicles.controls.buttons import LEAST_PERCENT, MOST_PERCENT, PRESSES
from vehicles.services.asking import ENDPOINTS

_FORM_ID = r"^[0-9a-f]{32}$"


class AskForm(forms.Form):
    """Check what is to be asked about the car."""

    endpoint = forms.ChoiceField(choices=[(name, name) for name in ENDPOINTS])


class PressForm(forms.Form):
    """Check which button was pressed; `form_id` tells a form that is sent twice."""

    press = forms.ChoiceField(choices=[(name, name) for name in PRESSES])
    form_id = forms.RegexField(_FORM_ID)


class PercentForm(forms.Form):
    """Check a charge limit."""

    percent = forms.IntegerField(min_value=LEAST_PERCENT, max_value=MOST_PERCENT)


class OlderForm(forms.Form):
    """Check after which command of the log to go on."""

    before = forms.UUIDField(required=False)

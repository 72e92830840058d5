"""What a person may choose about their pages."""

from django import forms

from accounts.models import Units


class PreferencesForm(forms.Form):
    """Check the units in which a person reads."""

    units = forms.ChoiceField(
        choices=Units.choices, widget=forms.RadioSelect, required=False
    )

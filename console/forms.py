"""What a person may choose about their pages."""

from django import forms

from accounts.models import Units


class PreferencesForm(forms.Form):
    """Check the units in which a person reads."""

    units = forms.ChoiceField(
        choices=Units.choices, widget=forms.RadioSelect, required=False
    )


class DeleteForm(forms.Form):
    """Check that a person means it: the phrase, typed in whatever case."""

    PHRASE = "delete my account"

    phrase = forms.CharField(
        label="Type “delete my account”",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_phrase(self) -> str:
        """Refuse everything but the phrase."""
        typed = " ".join(str(self.cleaned_data["phrase"]).lower().split())
        if typed != self.PHRASE:
            raise forms.ValidationError(f"Type exactly: {self.PHRASE}")
        return typed

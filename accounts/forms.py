"""The form by which the first person becomes the owner."""

from typing import Any

from allauth.account.fields import EmailField, PasswordField, SetPasswordField
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User


class WelcomeForm(forms.Form):
    """The one-time code, and the address and password of the owner to be."""

    code = forms.CharField(
        label="One-time code",
        max_length=40,
        help_text="It was printed when Keyfob was started.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    email = EmailField(label="E-mail address")
    password1 = SetPasswordField(label="Password", autocomplete="new-password")
    password2 = PasswordField(label="Password again", autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        """Check that the password is a good one and was typed twice alike."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first = cleaned.get("password1")
        if first and "password2" in cleaned and first != cleaned["password2"]:
            self.add_error("password2", "The two passwords are not alike.")
        elif first:
            try:
                validate_password(first, User(email=cleaned.get("email")))
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned

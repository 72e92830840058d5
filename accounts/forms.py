"""Forms of the sign-in pages that are our own."""

from typing import Any

from allauth.account import app_settings
from allauth.account.fields import EmailField, PasswordField
from allauth.account.forms import ResetPasswordForm as _ResetPasswordForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest  # noqa: TID251  # allauth's signature

from accounts.models import Invitation, User


class NewPasswordForm(forms.Form):
    """A password, typed twice; `address` is whose it will be, where that is known."""

    password1 = PasswordField(
        label="Password",
        help_text="At least 12 characters; the longer, the better.",
        autocomplete="new-password",
    )
    password2 = PasswordField(label="Password again", autocomplete="new-password")

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean(self) -> dict[str, Any]:
        """Check that the password is a good one and was typed twice alike."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first = cleaned.get("password1")
        if first and "password2" in cleaned and first != cleaned["password2"]:
            self.add_error("password2", "The two passwords are not alike.")
        elif first:
            try:
                validate_password(first, User(email=cleaned.get("email", self.address)))
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned


class WelcomeForm(NewPasswordForm):
    """The one-time code, and the address and password of the owner to be."""

    code = forms.CharField(
        label="One-time code",
        max_length=40,
        help_text="It was printed when Keyfob was started.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    email = EmailField(label="E-mail address")
    field_order = ("code", "email", "password1", "password2")


class InvitationForm(forms.Form):
    """Who is invited, and as what."""

    email = EmailField(label="E-mail address")
    role = forms.ChoiceField(
        choices=Invitation.Role.choices,
        initial=Invitation.Role.MEMBER,
        widget=forms.RadioSelect,
    )


class ResetPasswordForm(_ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Ask for the link to a new password, with equal work for every address."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Write the letter; for an unknown address, make a link that goes nowhere.

        Else the time of the answer would tell who has an account.
        """
        if not self.users:
            nobody = User()
            nobody.set_unusable_password()
            app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(nobody)
        email: str = super().save(request, **kwargs)
        return email

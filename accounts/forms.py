"""Forms of the sign-in pages that are our own."""

from collections.abc import Mapping
from typing import Any, ClassVar

from allauth.account import app_settings, forms as theirs
from allauth.account.fields import EmailField, PasswordField
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest  # noqa: TID251  # allauth's signature

from accounts.models import Invitation, User

_ADDRESS = "E-mail address"
_FIRST = {"password1": "Password", "password2": "Password again"}
_NEW = {"password1": "New password", "password2": "New password again"}


class _OurWords(forms.Form):
    """Name the fields of a form of allauth's as all pages do; no hint repeats a name."""

    words: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.words.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class NewPasswordForm(_OurWords):
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
    email = EmailField(label=_ADDRESS)
    field_order = ("code", "email", "password1", "password2")


class InvitationForm(_OurWords):
    """Who is invited, and as what."""

    email = EmailField(label=_ADDRESS)
    role = forms.ChoiceField(
        choices=Invitation.Role.choices,
        initial=Invitation.Role.MEMBER,
        widget=forms.RadioSelect,
    )


class LoginForm(_OurWords, theirs.LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Ask for address and password."""

    words = {"login": _ADDRESS}


class SignupForm(_OurWords, theirs.SignupForm):  # type: ignore[misc]  # as above
    """Ask for the address and password of a new account."""

    words = {"email": _ADDRESS, **_FIRST}


class AddEmailForm(_OurWords, theirs.AddEmailForm):  # type: ignore[misc]  # as above
    """Ask for the address to change to."""

    words = {"email": "New e-mail address"}


class ChangePasswordForm(_OurWords, theirs.ChangePasswordForm):  # type: ignore[misc]  # as above
    """Ask for the old password and a new one."""

    words = {"oldpassword": "Current password", **_NEW}


class SetPasswordForm(_OurWords, theirs.SetPasswordForm):  # type: ignore[misc]  # as above
    """Ask for the first password."""

    words = _FIRST


class ResetPasswordKeyForm(_OurWords, theirs.ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    """Ask for the new password of who followed the link of a letter."""

    words = _NEW


class ReauthenticateForm(_OurWords, theirs.ReauthenticateForm):  # type: ignore[misc]  # as above
    """Ask for the password once more."""


class ResetPasswordForm(_OurWords, theirs.ResetPasswordForm):  # type: ignore[misc]  # as above
    """Ask for the link to a new password, with equal work for every address."""

    words = {"email": _ADDRESS}

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

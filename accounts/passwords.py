"""A password rule of our own: the product's name is no secret."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

_NAMES = ("teslemetry", "keyfob", "tesla", "password")
_LEAST_LETTERS = 6
_LOOKALIKES = str.maketrans("013457@$", "oleastas")


class ProductNameValidator:
    """Refuse a password that is little more than the name of what it opens."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002  # Django's signature
        """Raise `ValidationError` when nearly nothing remains beside such names."""
        plain = password.casefold()
        for spelling in (plain, plain.translate(_LOOKALIKES)):
            rest = _without_names(spelling)
            if rest != spelling and sum(map(str.isalpha, rest)) < _LEAST_LETTERS:
                raise ValidationError(
                    "This password is easily guessed here: beside the name of this"
                    " product it holds nearly nothing.",
                    code="password_product_name",
                )

    def get_help_text(self) -> str:
        """Return the rule in words for a form."""
        return "Your password must be more than the name of this product."


def _without_names(text: str) -> str:
    for name in _NAMES:
        text = text.replace(name, "")
    return text

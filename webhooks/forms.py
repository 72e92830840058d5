"""What a person types and presses about webhooks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django import forms

from webhooks.addresses import MOST_HEADERS
from webhooks.errors import Unusable
from webhooks.garage import Car
from webhooks.models import LONGEST_URL, Endpoint, Kind

_LONGEST_NAME: Final = 80
_LONGEST_FORM_ID: Final = 64
_LONGEST_VALUE: Final = 1024
_LONGEST_HEADER_NAME: Final = 64
_MOST_BATCH_MS: Final = 10_000
_MOST_BATCH: Final = 100
_MOST_RATE: Final = 50
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_KEPT = {"placeholder": "set; type to replace it", **_PLAIN}


class EndpointForm(forms.Form):
    """One webhook: where to, in which form, about what.

    Secret values are never filled in: an empty one keeps what is set. `headers` and
    `has_authorization` tell what that is.
    """

    form_id = forms.CharField(
        max_length=_LONGEST_FORM_ID, required=False, widget=forms.HiddenInput
    )
    name = forms.CharField(
        max_length=_LONGEST_NAME,
        required=False,
        help_text="So that you know it again; the address stands for it otherwise.",
        widget=forms.TextInput(attrs={"placeholder": "Home server", **_PLAIN}),
    )
    url = forms.CharField(
        label="Address",
        max_length=LONGEST_URL,
        error_messages={"required": "Type the address of your receiver."},
        widget=forms.TextInput(
            attrs={
                "placeholder": "https://example.com/keyfob",
                "inputmode": "url",
                **_PLAIN,
            }
        ),
    )
    format = forms.ChoiceField(
        choices=Endpoint.Format.choices,
        initial=Endpoint.Format.TESLEMETRY,
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one kind of news."},
    )
    which_cars = forms.ChoiceField(
        label="Cars",
        choices=[("all", "All, later ones too"), ("some", "Only these")],
        initial="all",
        widget=forms.RadioSelect,
    )
    vins = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple
    )
    authorization = forms.CharField(
        max_length=_LONGEST_VALUE,
        required=False,
        widget=forms.PasswordInput(attrs={"placeholder": "Bearer …", **_PLAIN}),
    )
    forget_authorization = forms.BooleanField(required=False, label="Send none")
    verify_tls = forms.BooleanField(required=False, initial=True)
    max_rate = forms.IntegerField(
        label="Requests a second, at most",
        min_value=1,
        max_value=_MOST_RATE,
        initial=10,
    )
    batch_ms = forms.IntegerField(
        label="Collect for, in milliseconds",
        min_value=0,
        max_value=_MOST_BATCH_MS,
        initial=0,
    )
    batch_max = forms.IntegerField(
        label="Events in one request, at most",
        min_value=1,
        max_value=_MOST_BATCH,
        initial=1,
    )

    def __init__(
        self,
        data: Any = None,
        *,
        cars: Sequence[Car] = (),
        header_names: Sequence[str] = (),
        has_authorization: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Offer these cars; `header_names` and `has_authorization` are set already."""
        super().__init__(data, initial=initial, label_suffix="")
        vins = self.fields["vins"]
        if isinstance(vins, forms.MultipleChoiceField):
            vins.choices = [(car.vin, car.name) for car in cars]
        self.cars, self.header_names = tuple(cars), tuple(header_names)
        self.has_authorization = has_authorization
        if has_authorization:
            self.fields["authorization"].widget.attrs.update(_KEPT)
        for at in range(MOST_HEADERS):
            self._add_header(at, kept=header_names[at : at + 1])

    def _add_header(self, at: int, *, kept: Sequence[str]) -> None:
        """Add the fields of one header; an empty name leaves it out."""
        named = {"placeholder": "X-Api-Key", **_PLAIN}
        self.fields[f"header_name_{at}"] = forms.CharField(
            label=f"Name of header {at + 1}",
            max_length=_LONGEST_HEADER_NAME,
            required=False,
            initial=kept[0] if kept else "",
            widget=forms.TextInput(attrs=named),
        )
        self.fields[f"header_value_{at}"] = forms.CharField(
            label=f"Value of header {at + 1}",
            max_length=_LONGEST_VALUE,
            required=False,
            widget=forms.PasswordInput(attrs=_KEPT if kept else _PLAIN),
        )

    @property
    def header_rows(self) -> list[tuple[forms.BoundField, forms.BoundField, bool]]:
        """Return name, value and whether it is set already, header by header."""
        return [
            (
                self[f"header_name_{at}"],
                self[f"header_value_{at}"],
                at < len(self.header_names),
            )
            for at in range(MOST_HEADERS)
        ]

    @property
    def numbers(self) -> list[forms.BoundField]:
        """Return the fields of how fast and how many."""
        return [self["max_rate"], self["batch_ms"], self["batch_max"]]

    @property
    def opens_secrets(self) -> bool:
        """Tell whether the part of the headers stands open: something is set or wrong."""
        shown = ("authorization", "header_name", "header_value")
        is_wrong = any(name.startswith(shown) for name in self.errors)
        return is_wrong or self.has_authorization or bool(self.header_names)

    @property
    def opens_advanced(self) -> bool:
        """Tell whether the last part stands open: something in it is not as usual."""
        usual = {"verify_tls": True, "max_rate": 10, "batch_ms": 0, "batch_max": 1}
        return any(
            name in self.errors
            or self.get_initial_for_field(self.fields[name], name) != value
            for name, value in usual.items()
        )

    def clean(self) -> dict[str, Any]:
        """Check what belongs together: cars, and names with their values."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("which_cars") == "some" and not found.get("vins"):
            self.add_error("vins", "Choose at least one car, or all.")
        if found.get("which_cars") == "all":
            found["vins"] = []
        if found.get("batch_ms") and found.get("batch_max") == 1:
            words = "To collect events, allow more than one in a request."
            self.add_error("batch_max", words)
        for at in range(MOST_HEADERS):
            self._check_header(at, found)
        return found

    def _check_header(self, at: int, found: dict[str, Any]) -> None:
        name = found.get(f"header_name_{at}", "")
        value = found.get(f"header_value_{at}", "")
        if value and not name:
            self.add_error(f"header_name_{at}", "This value has no name.")
        if name and not value and name not in self.header_names:
            self.add_error(f"header_value_{at}", "This header has no value.")

    def headers(self) -> dict[str, str | None]:
        """Return the headers by name; None stands for the value that is set already."""
        found: dict[str, str | None] = {}
        for at in range(MOST_HEADERS):
            name = self.cleaned_data[f"header_name_{at}"]
            if name:
                found[name] = self.cleaned_data[f"header_value_{at}"] or None
        return found

    def refuse(self, error: Unusable) -> None:
        """Say beside its field what a service finds wrong."""
        places = {"headers": "header_name_0", "vins": "vins"}
        field = places.get(error.field, error.field)
        self.add_error(field if field in self.fields else None, str(error))


class TestForm(forms.Form):
    """Which kind of test event to send."""

    # Otherwise it would be taken for a class of tests.
    __test__ = False

    kind = forms.ChoiceField(choices=Kind.choices)


class SinceForm(forms.Form):
    """Since when to send again what did not arrive."""

    SPANS: ClassVar = {
        "1": "the last hour",
        "6": "the last 6 hours",
        "24": "the last 24 hours",
        "72": "the last 3 days",
        "168": "the last 7 days",
        "720": "all that is kept",
    }

    hours = forms.ChoiceField(choices=SPANS.items())

    def since(self, now: datetime) -> datetime:
        """Return the time that was chosen."""
        return now - timedelta(hours=int(self.cleaned_data["hours"]))


class LogForm(forms.Form):
    """Which part of the log to show."""

    OUTCOMES: ClassVar = {
        "": "All",
        "ok": "Accepted",
        "bad": "Failed",
        "open": "Waiting",
        "missed": "Missed",
    }

    outcome = forms.ChoiceField(required=False, choices=OUTCOMES.items())
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

"""What a person selects to subscribe to: numbers, or cars and sites by name."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import User
from billing.plans import MOST_OF_A_KIND, Catalog, Cycle, Selection
from billing.policy import POLICIES
from console import countries
from energy.models import SiteAccess
from vehicles.models import VehicleAccess

_COUNTRIES = sorted(countries.NAMES.items(), key=lambda pair: pair[1])


@dataclass(frozen=True, slots=True)
class Owned:
    """What a user can reach just now: names by VIN, and by the site's id as text."""

    vehicles: dict[str, str]
    sites: dict[str, str]


def owned_by(user: User) -> Owned:
    """Return the user's cars and sites that Tesla still lists: two queries."""
    cars = VehicleAccess.objects.filter(grant__user=user, gone_at=None)
    sites = SiteAccess.objects.filter(grant__user=user, gone_at=None)
    return Owned(
        dict(
            cars.order_by("vehicle__vin").values_list("vehicle__vin", "vehicle__name")
        ),
        {
            str(site_id): name
            for site_id, name in sites.order_by("site__site_id").values_list(
                "site__site_id", "site__name"
            )
        },
    )


def names_products() -> bool:
    """Tell whether the policy wants each car and site by name."""
    return POLICIES[settings.BILLING_POLICY].names_products


class CountryForm(forms.Form):
    """Check where the person is, for prices in the local currency."""

    country = forms.ChoiceField(choices=_COUNTRIES, label_suffix="")


class NumbersForm(forms.Form):
    """Check how many, or which, vehicles and energy sites are selected."""

    vehicles = forms.IntegerField(
        min_value=0, max_value=MOST_OF_A_KIND, label_suffix=""
    )
    sites = forms.IntegerField(
        min_value=0, max_value=MOST_OF_A_KIND, label="Energy sites", label_suffix=""
    )
    products = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Vehicles and energy sites",
    )

    def __init__(self, owned: Owned, data: object = None, **options: object) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed on as they came
        self._owned = owned
        if names_products():
            del self.fields["vehicles"], self.fields["sites"]
            self.fields["products"].choices = [  # type: ignore[attr-defined]  # a field with choices
                (key, f"{name or 'Unnamed'} · {key}")
                for key, name in {**owned.vehicles, **owned.sites}.items()
            ]
        else:
            del self.fields["products"]

    def clean(self) -> dict[str, object]:
        """Refuse a selection of nothing."""
        chosen = self.cleaned_data
        if not self.errors and not any(
            chosen.get(name) for name in ("vehicles", "sites", "products")
        ):
            raise ValidationError("Select at least one vehicle or energy site.")
        return chosen

    def selection(self, currency: str, cycle: str) -> Selection:
        """Return what was selected, once the form is valid."""
        chosen = self.cleaned_data
        products = tuple(chosen.get("products", ()))
        if not products:
            return Selection(currency, cycle, chosen["vehicles"], chosen["sites"])
        cars = sum(key in self._owned.vehicles for key in products)
        return Selection(currency, cycle, cars, len(products) - cars, products)


class SelectionForm(NumbersForm):
    """Check everything that a new subscription needs to know.

    Money is shown in the catalog's prices; what a browser sends names none.
    """

    country = forms.ChoiceField(choices=_COUNTRIES, widget=forms.HiddenInput)
    currency = forms.ChoiceField(widget=forms.RadioSelect)
    cycle = forms.ChoiceField(
        choices=Cycle.choices, widget=forms.RadioSelect, label="Billing cycle"
    )
    field_order = ["country", "currency", "cycle", "vehicles", "sites", "products"]

    def __init__(
        self,
        owned: Owned,
        catalog: Catalog,
        country: str,
        data: object = None,
        **options: object,
    ) -> None:
        super().__init__(owned, data, **options)
        local = catalog.local_currency(country)
        choices = [("USD", "US dollars (USD)")]
        if local != "USD":
            choices.insert(0, (local, f"Local currency ({local})"))
        self.fields["currency"].choices = choices  # type: ignore[attr-defined]  # a field with choices

    def chosen(self) -> Selection:
        """Return the whole selection, once the form is valid."""
        return self.selection(self.cleaned_data["currency"], self.cleaned_data["cycle"])

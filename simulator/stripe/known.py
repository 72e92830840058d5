"""What a client of the pretend Stripe has as settings; it opens nothing else."""

API_KEY = "sk_test_simulated"
SECRET = "whsec_simulatedsimulatedsimulated"  # noqa: S105 - opens nothing but the simulator
PRICE_IDS = {
    f"{kind}:{cycle}": f"price_1simulated{kind}{cycle}"
    for kind in ("vehicle", "site")
    for cycle in ("month", "year")
}
"""The ids of the prices, keyed as Keyfob's settings have them."""


def environment(url: str) -> dict[str, str]:
    """Return the variables of a console that reaches Stripe here."""
    return {
        "STRIPE_API_URL": url,
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "STRIPE_PRICES": " ".join(f"{key}={pk}" for key, pk in PRICE_IDS.items()),
    }

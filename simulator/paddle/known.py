"""What a client of the pretend Paddle has as settings; it opens nothing else."""

from simulator.paddle.ids import fixed_id

API_KEY = "pdl_sdbx_apikey_simulated"
CLIENT_TOKEN = "test_simulated"  # noqa: S105 - public at Paddle, too
SECRET = "pdl_ntfset_01simulatedsimulatedsimu_simulatedsimulatedsimulatedsimul"  # noqa: S105 - opens nothing but the simulator
PRICE_IDS = {
    f"{kind}:{cycle}": fixed_id("pri", f"{kind}{cycle}")
    for kind in ("vehicle", "site")
    for cycle in ("month", "year")
}
"""The ids of the prices, keyed as Keyfob's settings have them."""


def environment(url: str) -> dict[str, str]:
    """Return the variables of a console whose provider is here."""
    return {
        "BILLING_PROVIDER": "paddle",
        "PADDLE_API_URL": url,
        "PADDLE_JS_URL": f"{url}/paddle.js",
        "PADDLE_API_KEY": API_KEY,
        "PADDLE_CLIENT_TOKEN": CLIENT_TOKEN,
        "PADDLE_WEBHOOK_SECRETS": SECRET,
        "PADDLE_PRICES": " ".join(f"{key}={pk}" for key, pk in PRICE_IDS.items()),
    }

"""Name the persons who hold a Tesla account."""

from simulator.world.draws import draw_int, draw_uuid
from simulator.world.persons import Person

ALICE = "alice@example.com"
BOB = "bob@example.com"
CHARLIE = "charlie@example.com"

_PEOPLE = (
    (ALICE, "Alice Moreau", "na", "US", "en-US"),
    (BOB, "Bob Keller", "eu", "DE", "de-DE"),
    (CHARLIE, "Charlie Okafor", "na", "US", "en-US"),
)


def make_people(seed: int) -> dict[str, Person]:
    """Return the persons by email: Alice and Bob own things, Charlie nothing."""
    return {
        email: Person(
            email=email,
            name=name,
            region=region,
            country=country,
            locale=locale,
            sub=draw_uuid(seed, email, "sub"),
            vault_uuid=draw_uuid(seed, email, "vault"),
            user_id=draw_int(100_000_000_000, 899_999_999_999, seed, email),
        )
        for email, name, region, country, locale in _PEOPLE
    }

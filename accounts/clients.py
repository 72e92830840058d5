"""What a program calls itself, in words for people, and the network that it is in."""

import ipaddress
import re

_LONGEST = 120
# The first that fits wins: nearly every browser also claims to be another.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Version/.*Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)
_IPV4_BITS = 24
_IPV6_BITS = 48


def describe(user_agent: str) -> str:
    """Return "Firefox on Linux" for a browser, else what the program calls itself.

    Without versions, so that an update makes no new program. Empty for no name.
    """
    cut = user_agent[:512]
    browser, system = _first(_BROWSERS, cut), _first(_SYSTEMS, cut)
    if browser and system:
        return f"{browser} on {system}"
    return "".join(sign for sign in cut if sign.isprintable())[:_LONGEST].strip()


def network_of(address: str) -> str:
    """Return the network of an address: /24 of IPv4, /48 of IPv6.

    What is no address stays as it is, such as the word for a Unix socket.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    bits = _IPV4_BITS if known.version == 4 else _IPV6_BITS
    return str(ipaddress.ip_network(f"{known}/{bits}", strict=False))


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> str:
    found = (name for name, pattern in patterns if re.search(pattern, text))
    return next(found, "")

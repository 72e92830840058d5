"""Regions: told apart by base URL, code, and what a 421 says."""

import json

import pytest
from hypothesis import given, strategies as st

from fleet.hosts import TESLA, TESLA_CHINA, Hosts
from fleet.regions import Region, base_url_from_421, region_of, region_of_code

EU = "https://fleet-api.prd.eu.vn.cloud.tesla.com"
SAID = (
    f"user out of region, use base URL: {EU}, see "
    "https://developer.tesla.com/docs/fleet-api#regional-requirements"
)


@pytest.mark.parametrize(
    ("base_url", "hosts", "region"),
    [
        (EU, TESLA, Region.EU),
        (f"{EU}/", TESLA, Region.EU),
        (f"{EU}.evil.example", TESLA, None),
        (f"{EU}@evil.example", TESLA, None),
        ("http://fleet-api.prd.eu.vn.cloud.tesla.com", TESLA, None),
        ("", TESLA, None),
        (EU, TESLA_CHINA, None),
        ("https://fleet-api.prd.cn.vn.cloud.tesla.cn", TESLA_CHINA, Region.CN),
    ],
)
def test_region_of_knows_exact_base_urls_only(
    base_url: str, hosts: Hosts, region: Region | None
) -> None:
    assert region_of(base_url, hosts) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("NA_0123", Region.NA),
        ("EU_0123_45", Region.EU),
        ("cn_x", Region.CN),
        ("NA", Region.NA),
        ("0123", None),
        ("_NA", None),
        ("", None),
    ],
)
def test_region_of_code_reads_the_prefix(text: str, region: Region | None) -> None:
    assert region_of_code(text) == region


@pytest.mark.parametrize(
    ("body", "headers", "base_url"),
    [
        (json.dumps({"response": None, "error": SAID}).encode(), {}, EU),
        (SAID.encode(), {}, EU),
        (
            b'{"error": "use base URL: http://127.0.0.1:8001/eu"}',
            {},
            "http://127.0.0.1:8001/eu",
        ),
        (b"", {"Alt-Svc": f"h2={EU}"}, EU),
        (b"", {"alt-svc": f'h3="{EU}/"; ma=60'}, EU),
        (b'{"error": "user out of region"}', {}, None),
        (b'{"error": null}', {}, None),
        (b'["use base URL: https://x"]', {}, None),
        (b'{"error": "use base URL: ftp://x"}', {}, None),
        (b"", {}, None),
    ],
)
def test_base_url_from_421_reads_body_then_header(
    body: bytes, headers: dict[str, str], base_url: str | None
) -> None:
    assert base_url_from_421(body, headers) == base_url


@given(st.binary(max_size=200), st.text(max_size=100))
def test_base_url_from_421_survives_any_answer(body: bytes, header: str) -> None:
    found = base_url_from_421(body, {"alt-svc": header})

    assert found is None or found.startswith("http")

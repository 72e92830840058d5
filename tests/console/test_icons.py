"""The icons of every page."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from lucide import IconDoesNotExist

from console.templatetags.icons import icon


def test_icon_is_hidden_from_screen_readers_and_has_no_inline_style() -> None:
    drawn = Template('{% load icons %}{% icon "minus" size=16 %}').render(Context())
    assert " ".join(drawn.split()) == (
        '<svg width="16" height="16" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="2" stroke-linecap="round"'
        ' stroke-linejoin="round" aria-hidden="true"> <path d="M5 12h14" /> </svg>'
    )


def test_icon_is_drawn_once_for_each_look() -> None:
    assert icon("key", size=16) is icon("key", size=16)
    assert icon("key", size=16) != icon("key", size=20)


def test_icon_of_no_name_is_an_error() -> None:
    with pytest.raises(IconDoesNotExist):
        icon("no-such-icon")


def test_templates_have_no_inline_style_script_or_handler() -> None:
    pages = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
    inline = (" style=", "<style", "<script>", "javascript:", " onclick=", " onload=")
    found = [
        f"{page.name}: {part}"
        for page in pages
        for part in inline
        if part in page.read_text("utf-8")
    ]
    assert len(pages) > 50
    assert found == []

"""What a person sees of a page, from the page itself and from its soup alike."""

from __future__ import annotations

import pytest

from interest_ingest.mail.html import is_emoji, make_soup, read_page, render

PAGES = {
    "lines": ("<p>Hello<br>there</p><div>a</div><div>b</div>", "Hello\nthere\n\na\nb"),
    "blanks": ("a \n <b> bold </b>\n b&nbsp;&nbsp;c", "a bold b c"),
    "cells": (
        "<table><tr><td>Name:</td><td>Anna</td></tr><tr><th>Phone\n</th> <td><b>1</b>2</td></tr></table>",
        "Name:\tAnna\nPhone\t12",
    ),
    "blocks in cells": ("<table><tr><td><p>Name</p></td><td><p>Anna</p></td></tr></table>", "Name\tAnna"),
    "lines in cells": ("<table><tr><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"),
    "table in a cell": (
        "<table><tr><td><table><tr><td>a</td></tr><tr><td>b</td></tr></table></td><td>c</td></tr></table>",
        "a\nb\nc",
    ),
    "list": ("<ul><li>a<li>b</ul>c", "a\nb\n\nc"),
    "many breaks": ("a<br><br><br><br>b", "a\n\nb"),
    "preformatted": ("<pre>a\n  b</pre><div style='white-space: pre-wrap'>c\n d</div>", "a\n  b\n\nc\n d"),
    "not for the eye": (
        "<head><title>t</title><style>s</style></head><script>s</script>a<!-- c --><p hidden>h</p>"
        '<div style="DISPLAY : none !important">h<p>h</p></div><span style="max-height:0px;overflow:hidden">h</span>b',
        "ab",
    ),
    "not hidden": ('<div style="max-height:0.9em">a</div><div style="line-height:0">b</div>', "a\nb"),
    "for Outlook": ("<!--[if mso]><p>m</p><![endif]--><![if !mso]>a<![endif]>", "a"),
    "emoji as images": ('Rating <img alt="⭐" src=x><img alt="⭐"><img alt="logo"><img alt="1️⃣"><img>', "Rating ⭐⭐1️⃣"),
    "filler of a preview line": ("<p>&zwnj;&nbsp;&#8203;&nbsp;</p>a", "a"),
    "joiner inside a word": ("می‌خواهم", "می‌خواهم"),
    "no tag": ("just text", "just text"),
    "declared as XML": ('<?xml version="1.0" encoding="koi8-r"?><html><body><o:p>Ч</o:p></body></html>', "Ч"),
    "declaration never closed": ("<?xml ", ""),
    "unclosed": ("<table><tr><td>a<td>b<tr><td>c", "a\tb\nc"),
    "end tags only": ("</p></div>a</td>", "a"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("page", "seen"), PAGES.values(), ids=PAGES)
def test_render(page: str, seen: str) -> None:
    assert render(page) == seen
    assert render(make_soup(page)) == seen


def test_render_of_one_tag() -> None:
    tag = make_soup("<div>x</div><p>a <b>b</b></p>").p
    assert tag is not None
    assert render(tag) == "a b"


def test_deep_pages_are_rendered_without_recursion() -> None:
    page = "<div>" * 5_000 + "deep"
    assert render(page) == "deep"
    assert render(make_soup(page)) == "deep"


def test_links_in_order_each_once_also_of_hidden_text() -> None:
    page = (
        '<a href=" https://a.example/?x=1&amp;y=2 ">a</a><a href="#t">b</a><map><area href="b"></map><a href=b>c</a><a>'
    )
    hidden = '<p hidden><a href="c">c</a></p>'
    assert read_page(page + hidden).links == ("https://a.example/?x=1&y=2", "b", "c")


@pytest.mark.parametrize(
    ("alt", "emoji"), [("⭐", True), ("👍🏽", True), ("1️⃣", True), ("", False), ("ok", False), ("Ч", False)]
)
def test_what_is_an_emoji(alt: str, emoji: bool) -> None:
    assert is_emoji(alt) is emoji

"""Comments come back as they were typed: lists, quotations, code, pictures and links."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.mail.html import make_soup
from interest_ingest.parsing.markdown import as_typed

CASES = {
    "numbered": ("<ol><li>mugs</li><li>jugs</li></ol>", "1. mugs\n2. jugs"),
    "numbered from": ('<ol start="7"><li>mugs</li><li>jugs</li></ol>', "7. mugs\n8. jugs"),
    "dots": ("<ul><li><p>mugs</p></li><li></li></ul><p>after</p>", "- mugs\n\nafter"),
    "nested": ("<ul><li>mugs<ul><li>blue</li></ul></li></ul>", "- mugs\n\n  - blue"),
    "quotation": ("<blockquote><p>mine<br>too</p></blockquote><p>yours</p>", "> mine\n> too\n\nyours"),
    "quoted code": ("<blockquote><pre>a\n  b</pre></blockquote>", "> a\n>   b"),
    "quoted twice": ("<blockquote><blockquote>old</blockquote>new</blockquote>", "> > old\n\n> new"),
    "code": ("<pre><code>if x:\n    y\n</code></pre>", "if x:\n    y"),
    "emoji": ('<p><img alt="⭐"> <img class="wl-emoji" alt="ok"> <img class="emoji" alt=":tea:"></p>', "⭐ :ok: :tea:"),
    "picture": ('<p>see <img src="https://a.example/x.png" alt="my cup"><img src="y"></p>', "see [my cup]"),
    "link": ('<a href="https://a.example/x?a=1&amp;b=2">cups</a>', "cups (https://a.example/x?a=1&b=2)"),
    "bare link": ('<a href="https://a.example/%E8%8C%B6">https://a.example/茶</a>', "https://a.example/茶"),
    "short link": ('<a href="https://a.example/long/way">https://a.example/lo…</a>', "https://a.example/lo…"),
    "mailto": ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
    "hidden": ('<div style="display:none"><ul><li><a href="https://a.example/">x</a></ul></div>seen', "seen"),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES)
def test_what_the_page_draws_is_written(html: str, text: str) -> None:
    assert as_typed(html) == text
    assert as_typed(make_soup(f"<div>{html}</div>")) == text


TAGS = ("blockquote", "ul", "ol", "li", "a", "p", "pre", "td")


@given(
    st.lists(st.sampled_from([f"<{t}>" for t in TAGS] + [f"</{t}>" for t in TAGS] + ["<ol start='x'>", "word", "\n"]))
)
@settings(max_examples=60, deadline=None)
def test_pages_that_nest_wrongly_lose_no_word(pieces: list[str]) -> None:
    assert as_typed("".join(pieces)).count("word") == pieces.count("word")

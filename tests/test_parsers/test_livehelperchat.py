"""Live Helper Chat: whatever a visitor writes, his words come out as he wrote them, and the program's own stay out."""

from __future__ import annotations

import html
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.cards import InterestCard
from interest_ingest.ingest.reading import read

HEAD = (
    "Name: Una O'Brine\nEmail: una@brine.example\nPhone: \nDepartment: Sales\n"
    "Country: Ireland\nCity: \nIP: 198.51.100.40\n"
)
OFFLINE = "Hello,\n\nUser request data:\n{head}\nMessage:\n{message}\n\nAdditional data, if any:\n{added}\n\n"
CHAT = (
    "Hello,\n\nUser request data:\n{head}Created:\t14:02:11\nUser left:\t-\nWaited:\t-\nChat duration:\t-\n\nMessage:\n"
    "2026-11-21 14:02:11 {name}: {message}\n2026-11-21 14:02:31 System assistant: Please wait\n\n\n"
)
PAGE = "URL of page from which user has send request:\n{page}\n\n"
ENDS = {
    "offline": "Link to chat if any:\n-\n\nSincerely,\nLive Support Team\n",
    "chat": "Click to accept chat automatically\nhttp://chat.ladle.example/index.php/chat/accept/Pq7/9c/owner@ladle.example"
    "\n\nSurvey\n-\n\nSincerely,\nLive Support Team\n",
}
LINES = st.sampled_from(
    (
        "Is it in stock?",
        "",
        "Email: nobody@foul.example",
        "Message:",
        "Additional data, if any:",
        "mine - yes",
        "URL of page from which user has send request:",
        "https://foul.example/?a=1&b=2",
        "Link to chat if any:",
        "-",
        "Sincerely,",
        "-- ",
        "> quoted",
        "<b>5</b> &amp; 6",
        "Дополнительные данные:",
    )
)
MESSAGES = st.lists(LINES, min_size=1, max_size=8).map(lambda lines: "\n".join(["I ask:", *lines]).strip())


def card(kind: str, message: str, page: str, added: str = "") -> InterestCard:
    body = OFFLINE if kind == "offline" else CHAT
    spoken = message if kind == "offline" else html.escape(message).replace("&#x27;", "&#039;")
    made = EmailMessage()
    made["From"], made["To"] = "Live Helper Chat <chat@ladle.example>", "owner@ladle.example"
    made["Subject"] = (
        "Una O'Brine, Ireland, Sales, Support request from user" if kind == "offline" else "New chat request"
    )
    made["Date"], made["X-Mailer"] = "Sat, 21 Nov 2026 14:20:05 +0000", "PHPMailer 6.9.1"
    text = body.format(head=HEAD, message=spoken, added=added, name="Una O&#039;Brine") + PAGE.format(page=page)
    made.set_content(text + ENDS[kind])
    return read(made.as_bytes()).cards[0]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ENDS)), MESSAGES, st.sampled_from(("https://ladle.example/copper/?utm_source=x", "")))
def test_a_visitors_words_are_his_own_whatever_they_look_like(kind: str, message: str, page: str) -> None:
    found = card(kind, message, page)
    assert (found.source, found.channel, found.author.name) == ("livehelperchat", "chat", "Una O'Brine")
    assert [line.rstrip() for line in found.text.split("\n")] == [line.rstrip() for line in message.split("\n")]
    assert found.source_url == (page or None)


@pytest.mark.parametrize("added", ["", "Cart - 2 ladles\nMember - yes"])
def test_additional_data_is_no_words_of_the_visitor(added: str) -> None:
    found = card("offline", "Is it in stock?", "https://ladle.example/", added)
    assert found.text == "Is it in stock?"
    assert found.labels.get("Cart") == ("2 ladles" if added else None)

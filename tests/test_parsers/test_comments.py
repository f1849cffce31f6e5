"""Comments and forums: all languages of a template, keys of events, and letters that only look like notifications."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.reading import read

PAGE = "https://kiln.example/glazes/"
WALINE = {
    "en": ("New comment on Kiln", " wrote:", "Your comment on Kiln received a reply"),
    "de": ("Neue Kommentare auf Kiln", " hat geantwortet：", "Ann，Sie haben eine Antwort auf ' Kiln ' erhalten"),
    "es": ("Nuevo comentario en Kiln", " dijo:", "Ann，Su comentario en 'Kiln' ha recibido una respuesta"),
    "fr": ("Nouveau commentaire sur Kiln", " a écrit :", "Ann，Votre commentaire sur 'Kiln' a reçu une réponse"),
    "id": ("Komentar baru di Kiln", " menulis:", "Komentar Anda di Kiln mendapat balasan"),
    "it": ("Nuovo commento su Kiln", " ha scritto:", "Il tuo commento Kiln ha ricevuto una risposta"),
    "ja": (
        "Kiln に新しいコメントがあります",
        " が次のようにコメントしました：",
        "Ann、『Kiln』にあなたのコメントへの返信があります",
    ),
    "ko": ("Kiln에 새 댓글이 달렸습니다", "님이 작성했습니다:", "Kiln에서 댓글에 답글이 달렸습니다"),
    "pt": ("Novo comentário em Kiln", " disse:", "Ann，Seu comentário em 'Kiln' recebeu uma resposta"),
    "ru": ("Новый комментарий на Kiln", " написал:", "Ann，У вас есть ответ на комментарий в 'Kiln'"),
    "vi": ("Bình luận mới trên Kiln", " trả lời:", "Ann，Bình luận của bạn trên 'Kiln' đã có phản hồi"),
    "zh-CN": ("Kiln 上有新评论了", "回复说：", "Ann，『Kiln』上的评论收到了回复"),
    "zh-TW": ("Kiln 上有新評論了", "回復說：", "Ann，『Kiln』上的評論收到回復"),
}
"""Subject and verb of the mail to the owner, subject of the mail to who commented before (Waline 1.39)."""

COMMENT = """New comment on your post "Secateurs"
Author: Ada Orlop (IP address: 198.51.100.7, 198.51.100.7)
Email: ada@orlop.example
URL:
Comment:
Sharp?

You can see all comments on this post here:
https://garden.example/product/lefty/#comments

Permalink: https://garden.example/product/lefty/#comment-41
Trash it: https://garden.example/wp-admin/comment.php?action=trash&c=41#wpbody-content
"""
TO_MODERATE = """A new comment on the post "Secateurs" is waiting for your approval
https://garden.example/product/lefty/

Author: Ada Orlop (IP address: 198.51.100.7, 198.51.100.7)
Email: ada@orlop.example
URL:
Comment:
Sharp?

Approve it: https://garden.example/wp-admin/comment.php?action=approve&c=41#wpbody-content
Trash it: https://garden.example/wp-admin/comment.php?action=trash&c=41#wpbody-content
"""


def reading(
    subject: str, text: str = "", page: str = "", sender: str = "notify@kiln.example", **fields: str
) -> Reading:
    """What becomes of a mail with one part, `page` if it is HTML."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "owner@kiln.example", subject
    made["Date"] = "Tue, 03 Mar 2026 10:15:00 +0000"
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(page or text, subtype="html" if page else "plain")
    return read(made.as_bytes())


def waline(verb: str, number: int = 7, words: str = "In stock?") -> str:
    return (
        f"<div> <h2> x <a href='https://kiln.example'>Kiln</a> </h2> <p><strong>Bo &amp; Ann</strong>{verb}</p>"
        f"<div><p>{words}</p></div><p><a href='{PAGE}#{number}'>x</a></p><br/></div>"
    )


@pytest.mark.parametrize("language", WALINE)
def test_waline_is_known_in_each_of_its_languages(language: str) -> None:
    subject, verb, reply = WALINE[language]
    (card,) = reading(subject, page=waline(verb)).cards
    assert (card.source, card.author.name, card.text) == ("waline", "Bo & Ann", "In stock?")
    assert card.source_url == f"{PAGE}#7"
    told = reading(reply, page=waline(verb))
    assert (told.outcome, told.parser) == (Outcome.IGNORED, "waline.notice")


def test_two_comments_with_the_same_words_are_two_events() -> None:
    first, second = (reading("New comment on Kiln", page=waline(" wrote:", number)) for number in (7, 8))
    assert first.cards[0].event_key != second.cards[0].event_key


def test_a_link_inside_the_comment_is_not_taken_for_the_comments_own() -> None:
    words = 'see <a href="https://foul.example/#5">this</a>'
    (card,) = reading("New comment on Kiln", page=waline(" wrote:", words=words)).cards
    assert card.source_url == f"{PAGE}#7"
    assert card.text == "see this (https://foul.example/#5)"


def test_a_link_in_a_remark42_comment_and_words_in_its_authors_name_are_not_the_templates() -> None:
    page = (
        "<p>New comment from Ann on your site on your site to «Glazes»</p><div><div><img src='https://kiln.example/a.png'>"
        f"<span>Ann</span><a href='{PAGE}#remark42__comment-7'>Reply</a></div>"
        "<div><p>See <a href='https://foul.example/#remark42__comment-1'>this</a></p></div></div>"
    )
    (card,) = reading('New comment to your site for "Glazes"', page=page).cards
    assert (card.author.name, card.product.name, card.action) == ("Ann on your site", "Glazes", "comment")
    assert card.source_url == f"{PAGE}#remark42__comment-7"
    assert card.text == "See this (https://foul.example/#remark42__comment-1)"


def test_words_of_another_isso_mail_in_a_comment_are_the_commenters() -> None:
    words = "Why is there no line\nUnsubscribe from this conversation: https://kiln.example/u?"
    text = (
        f"Ann Lee wrote:\n\n{words}\n\nLink to comment: {PAGE}#isso-7\n\n---\nDelete comment: https://kiln.example/d\n"
    )
    (card,) = reading("New comment posted on Glazes", text).cards
    assert (card.source, card.author.name, card.text) == ("isso", "Ann Lee", words)


@pytest.mark.parametrize(
    "product", ["https://garden.example/product/lefty/", "https://foul.example/product/x/#comments"]
)
def test_a_comment_that_names_a_product_is_no_review(product: str) -> None:
    text = COMMENT.replace("/product/lefty/", "/2026/tools/").replace("Sharp?", f"Like\n{product}\n\nPrice: 9?")
    (card,) = reading('[Garden] Comment: "Secateurs"', text).cards
    assert (card.source, card.channel, card.event_key) == ("wordpress", "comment", "comment garden.example 41")
    assert card.text == f"Like\n{product}\n\nPrice: 9?"


def test_a_review_has_one_key_in_the_mail_to_the_moderator_and_in_the_later_one() -> None:
    told = [reading("[Garden] Comment", text) for text in (COMMENT, TO_MODERATE)]
    assert {one.parser for one in told} == {"woocommerce.review"}
    assert len({one.cards[0].event_key for one in told}) == 1


@pytest.mark.parametrize("prefix", ["Re: ", "AW: ", "Отв: ", "回复：", "RE[2]: "])
def test_a_commenters_answer_by_mail_is_his_letter(prefix: str) -> None:
    """He stands in Reply-To, and whoever answers him from the mail program quotes the notification."""
    quoted = COMMENT.replace("\n", "\n> ")
    told = reading(
        f'{prefix}[Garden] Comment: "Secateurs"',
        f"Two, please.\n\nOn Mon, 2 Mar 2026 at 18:02, Owner <owner@kiln.example> wrote:\n> {quoted}",
        sender="Ada Orlop <ada@orlop.example>",
        In_Reply_To="<x@kiln.example>",
    )
    assert told.parser == "mail.letter"
    assert told.cards[0].text == "Two, please."


@pytest.mark.parametrize(
    "link",
    [
        "https://talk.looms.example/t/which-linen/12/34",
        "https://board.clay.example/viewtopic.php?f=2&t=15",
        "https://strings.example/showthread.php?t=1065",
        "https://tiles.example/topic/414/?do=findComment&comment=9001",
        "https://loom.example/warping/#remark42__comment-1",
        "https://reeds.example/first/#isso-7",
        "https://github.com/looms/warp/issues/12",
    ],
)
def test_a_letter_that_links_to_a_forum_stays_a_letter(link: str) -> None:
    told = reading("A question", f"Hello, I read {link} and have a question. Anna", sender="Anna <anna@post.example>")
    assert told.parser == "mail.letter"


def test_a_summary_of_a_forum_without_its_ids_is_no_post() -> None:
    """Up to 2023 Discourse named no ids in its summaries."""
    page = (
        '<table><tr><td><a href="https://talk.looms.example/u/ann">ann</a></td></tr><tr><td>hello</td></tr></table>'
        '<a href="https://talk.looms.example/t/which-linen/12">Which linen?</a>'
    )
    unsubscribe = f"<https://talk.looms.example/email/unsubscribe/{'ab12' * 16}>"
    told = reading("[Looms] Summary", page=page, List_Unsubscribe=unsubscribe)
    assert (told.outcome, told.parser) == (Outcome.IGNORED, "discourse.notification")

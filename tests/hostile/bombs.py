"""What mails can do to those who read them: units that are repeated, and the mails that carry them.

A text or page bomb is `(before, unit, after)`; `grown` makes one of about `size` bytes. Every carrier leads to
another parser, so that its patterns meet the bomb where they look. The shapes come from public reports on readers of
mail and HTML, and from reading every pattern of ours with a bad intent.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable
from typing import Final

Bomb = tuple[str, str, str]
Grow = Callable[[int], bytes]


def grown(bomb: Bomb, size: int) -> str:
    """`before`, as many `unit`s as fit into `size` bytes of UTF-8, `after`."""
    before, unit, after = bomb
    ends, one = (len(text.encode("utf-8", "surrogatepass")) for text in (before + after, unit))
    return before + unit * max(1, (size - ends) // one) + after


# fmt: off
TEXTS: Final[dict[str, Bomb]] = {
    "blank lines": ("a", "\n", "b"), "blanks": ("a", " ", "b"), "blank-ended lines": ("", "a \n", ""),
    "tabs": ("a", "\t", "b"),
    "hard spaces": ("a", "\xa0", "b"), "one word": ("", "x", ""), "words": ("", "word ", ""),
    "lines": ("", "a line\n", ""),
    "commas": ("", ",", ""), "full stops": ("", ". ", ""), "dashes": ("", "-", ""), "dash lines": ("", "-----\n", ""),
    "underscores": ("", "_", ""), "rulers": ("", "=====\n", ""), "stars": ("", "*", ""),
    "bold labels": ("", "*a*: ", ""),
    "On": ("", "On ", ""), "On with commas": ("", "On a,\n", ""), "wrote": ("", "wrote ", ""),
    "Anna wrote": ("", "Anna wrote:\n", ""),
    "dated quotes": ("", "On 3 Nov 2026, at 10:12, Anna <a@b.example> wrote:\n", ""),
    "quote marks": ("a\n", ">", ""), "quote levels": ("", "> > > ", ""),
    "quoted lines": ("Anna wrote:\n", "> a\n", ""),
    "quoted and own": ("", "> a\nb\n", ""), "empty quotes": ("", ">\n", ""), "header lines": ("", "From: a\n", ""),
    "header blocks": ("", "From: a@b.example\nDate: 10:10\nTo: c\nSubject: d\n", ""),
    "keys": ("", "From: Date: ", ""),
    "header blocks apart": ("", "From: a@b.example\nSent: 10:10\nTo: c\nSubject: d\n\n", ""),
    "forwards": ("", "---------- Forwarded message ---------\nFrom: a@b.example\nSubject: c\n\n", ""),
    "begin forwarded": ("", "Begin forwarded message:\n", ""), "signature marks": ("", "-- \n", ""),
    "closings": ("", "Best regards,\n", ""), "devices": ("", "Sent from my iPhone\n", ""),
    "dashed names": ("a\n", "--\nAnna\n", ""),
    "labels": ("", "a: b\n", ""), "known labels": ("", "Name: a\n", ""), "empty labels": ("", "Name:\n", ""),
    "labels and values": ("", "Name:\nAnna\n", ""), "own labels": ("Name: a\n", "a%:\n", ""),
    "messages": ("", "Message: a\n", ""),
    "form and lines": ("Name: a\nEmail: a@b.example\nMessage: c\nPhone: d\n", "some words\n", ""),
    "value and lines": ("Name: a\nEmail: a@b.example\n", "some words\n", "Message: c\n"),
    "brackets of labels": ("", "【a】b\n", ""), "dash labels": ("", "Name - ", ""), "colons": ("", ":", ""),
    "numbers of lists": ("", "1) ", ""),
    "pairs of cells": ("", "Name\tAnna\n", ""), "pipes": ("", "a | ", ""),
    "repeated forms": ("", "Name: a\nEmail: a@b.example\nPhone: 1\n\n", ""),
    "parentheses": ("", "(", ""), "closed parentheses": ("", "()", ""), "square brackets": ("", "[", ""),
    "braces": ("", "{", ""),
    "angles": ("", "<", ""), "angle pairs": ("", "<>", ""), "links in HTML": ("", '<a rel="', ""),
    "ampersands": ("", "&", ""),
    "entities": ("", "&amp;", ""), "deep entities": ("&", "amp;", "lt;"), "long entities": ("", "&#" + "1" * 40, ";"),
    "backslashes": ("", "\\'", ""), "quotes": ("", '"', ""), "guillemets": ("", "«", "»"),
    "opening quotes": ("", "\n“", ""), "apostrophes": ("", "'", ""),
    "at signs": ("", "@", ""), "addresses": ("", "a@b.example ", ""), "half addresses": ("", "a@", ""),
    "dotted address": ("a@", "b.", "example"),
    "long local part": ("", "a.", "@b.example"), "angled addresses": ("", "Anna <a@b.example> ", ""),
    "mailto": ("", "[mailto:a@", ""),
    "links": ("", "https://a.example/b ", ""), "one link": ("https://a.example/", "b", ""),
    "open links": ("", "https://", ""), "links closed": ("https://a.example/", ")", ""),
    "queries": ("https://a.example/?", "a=b&", ""), "redirectors": ("", "https://www.facebook.com/l.php?u=", ""),
    "encoded redirectors": ("https://www.facebook.com/l.php?u=https%3A%2F%2Fa.example%2F", "%25", ""),
    "dot segments": ("https://a.example", "/..", ""),
    "IPv6": ("", "http://[::", ""),
    "WordPress links": ("", "https://a.example/wp-admin/comment.php?action=trash&c=1\n", ""),
    "permalinks": ("", "https://a.example/b/#comment-1\n", ""), "IP addresses": ("", "(IP: 1.1.1.1", ""),
    "IP numbers": ("Author: a (", "1.1.1.1 ", ""),
    "IP lines": ("", "Author: a (IP: 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1\n", ""),
    "colon lines": ("", "Author: (" + "::" * 200 + "\n", ""),
    "label, blanks": ("", "Author: " + " " * 380 + "\n", ""), "label, open": ("", "Author: " + "(" * 380 + "\n", ""),
    "digits": ("", "1", ""), "digit groups": ("", "1 ", ""), "phones": ("", "+7 900 000 11 22 ", ""),
    "bad phones": ("", "+7 (900) - ", ""),
    "dates": ("", "21.11.2026 ", ""), "clocks": ("", "10:10 ", ""), "years": ("", "2026 ", ""),
    "relative dates": ("", "5 days ago ", ""),
    "others": ("", "Anna and 12 others ", ""), "ands": ("Anna", " and", ""), "likes": ("Anna ", "likes ", ""),
    "нравится": ("Анне ", "нравится ", ""),
    "in groups": ("Anna posted", " in the group", ""),
    "long sentence": ("Anna", " Petrova", " commented on your post."), "stars given": ("", "★", ""),
    "emoji families": ("", "👨‍👩‍👧‍👦", ""), "flags": ("", "🇩🇪", ""), "skins": ("", "👍🏽", ""),
    "joiners": ("", "\u200d", ""), "variation": ("a", "\ufe0f", ""),
    "zalgo": ("a", "\u0301\u0316\u0489", ""), "decomposed": ("", "e\u0301", ""), "ligatures": ("", "\ufdfa", ""),
    "wide signs": ("", "𒐫", ""),
    "bidi": ("", "\u202e", ""), "isolates": ("", "\u2066a", ""), "marks of direction": ("", "\u200f", ""),
    "zero spaces": ("a", "\u200b", "b"), "soft hyphens": ("a", "\xad", "b"),
    "private use": ("", "\ue000\ue001", ""), "private cells": ("", "\ue002a\ue003", ""),
    "private links": ("", "\ue006a", ""), "not characters": ("", "\ufffe\uffff", ""),
    "NUL": ("a", "\0", "b"), "escapes": ("", "\x1b[31m", ""), "backspaces": ("a", "\b", "b"),
    "form feeds": ("a", "\f", "b"), "line separators": ("a", "\u2028", "b"),
    "next lines": ("a", "\x85", "b"), "carriage returns": ("a", "\r", "b"), "Kelvin": ("", "\u212a", ""),
    "dotted I": ("", "İ", ""), "Hangul": ("", "\u1100\u1161\u11a8", ""),
    "Arabic": ("", "سلام ", ""), "Thai": ("", "ก็", ""), "Hindi": ("", "कि ", ""), "Chinese": ("", "好。", ""),
    "uuencode": ("", "begin 644 a\n", ""), "uuencoded": ("begin 644 a\n", "M!\n", "end\n"),
    "PGP": ("", "-----BEGIN PGP MESSAGE-----\n", ""),
    "base64 lines": ("", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n", ""),
    "CSV formulas": ("", "=cmd|'/C calc'!A0\n", ""),
    "SQL": ("", "'); DROP TABLE card;--\n", ""), "format strings": ("", "%s%n{0}{{", ""), "JSON": ("", '{"a":', ""),
    "HTML in text": ("", "<b><p>", ""), "script": ("", "<script>alert(1)</script>", ""),
    "long hosts": ("", "http://" + "a" * 255 + "\n", ""),
    "IP and blanks": ("", "Author: a (IP: ::1" + " " * 299 + "\n", ""),
    "password words": ("", "your password has been reset ", ""),
    "automatic words": ("", "this is an automatically generated message ", ""),
    "receipts": ("", "we have received your message ", ""),
}

PAGES: Final[dict[str, Bomb]] = {
    "attributes never closed": ("", '<a a="', ""), "comments never closed": ("", "<!--", ""),
    "end tags": ("", "</", ""), "blocks": ("", "<div>", "a"),
    "closed blocks": ("", "<div>a</div>", ""), "formatting": ("", "<b>x<p>", ""),
    "cells": ("", "<table><tr><td>x", ""), "attributes": ("<a", " a=1", ">a"),
    "named attributes": ("<p", " onclick", ">a"), "images": ("", "<img alt='⭐'>", ""),
    "declarations": ("", "<?xml ", ""), "paragraphs": ("", "<p>a", ""),
    "breaks": ("", "<br>", ""), "rows": ("<table>", "<tr><td>Name<td>Anna", "</table>"),
    "empty rows": ("<table>", "<tr></tr>", "</table>"), "tables": ("", "<table>", "a"),
    "bold labels": ("", "<b>Name</b>: Anna<br>", ""), "bold": ("", "<b>", "a"),
    "links": ("", "<a href='https://a.example/'>b</a> ", ""),
    "links in links": ("", "<a href='https://a.example/'>b", ""),
    "links in blocks": ("", "<div><a href='https://a.example/'>b", ""),
    "long href": ("<a href='https://a.example/", "b", "'>c</a>"),
    "data": ("<img src='data:image/png;base64,", "QUJD", "'>"),
    "quotes": ("", "<blockquote>", "a"), "cited": ("a", "<blockquote type=cite>b</blockquote>", "c"),
    "Gmail quotes": ("a", "<div class=gmail_quote>b", ""),
    "Outlook quotes": ("a", "<div id=appendonsend>b</div>", ""),
    "signatures": ("", "<div class=gmail_signature>a</div>", ""), "spans": ("", "<span class=mb_text>", "a"),
    "closed spans": ("", "<span class=mb_text>a</span>", ""), "hidden": ("", "<div style='display:none'>", "a"),
    "styles": ("<style>", "a{b:c}", "</style>a"), "long style": ("<p style='", "a:b;", "'>c"),
    "blank style": ("<p style='display", " ", ":none'>c"), "heights": ("<p style='", "max-height : 0 ", "'>c"),
    "pre": ("<pre>", "a \n", "</pre>"), "lists": ("", "<ul><li>", "a"),
    "definitions": ("<dl>", "<dt>Name<dd>Anna", "</dl>"), "options": ("<select>", "<option>a", "</select>"),
    "objects": ("", "<object>", "a"), "SVG": ("", "<svg><g>", "a"), "Math": ("", "<math><mi>", "a"),
    "scripts": ("", "<script>", "a"), "CDATA": ("", "<![CDATA[", "a"), "Word": ("", "<!--[if mso]>a<![endif]-->", ""),
    "islands": ("", "<o:p>&nbsp;</o:p>", ""), "entities": ("", "&nbsp;", ""), "unknown entities": ("", "&a", ""),
    "numbered": ("", "&#x110000;", ""), "surrogate entities": ("", "&#xd83d;&#xde00;", ""),
    "NUL entities": ("", "&#0;", ""), "text": ("", "a", ""), "blanks": ("a", " ", "b"), "lines": ("a", "\n", "b"),
    "angles": ("", "<", ""), "closings": ("", ">", ""), "plaintext": ("<plaintext>", "<a>", ""),
    "xmp": ("<xmp>", "<a>", ""),
    "frames": ("", "<iframe src='//a.example'>", ""), "meta": ("", "<meta charset=utf-7>", "a"),
    "base": ("", "<base href='//a.example'>", "a"), "forms": ("", "<form><input name=a>", ""),
    "body again": ("", "<body>", "a"), "html again": ("", "<html>", "a"),
    "headings": ("", "<h1>Name</h1>", ""), "heavy cells": ("<table>", "<tr><th>Name<tr><td>Anna", "</table>"),
    "tracking": ("", "<img src='https://a.example/p.gif' width=1 height=1>", ""),
    "portraits": ("", "<img src='https://scontent.xx.fbcdn.net/a' width=50>", ""),
    "private links": ("", "\ue006a", ""), "private bold": ("", "\ue000a", ""),
    "private cells": ("", "\ue002\ue003", ""),
    "templates": ("", "<template>", "a"), "noscript": ("", "<noscript>", "a"), "marquee": ("", "<marquee>", "a"),
    "colons": ("", "<a:b:c>", "a"), "slashes": ("<p", "/", ">a"), "equals": ("<p", "=", ">a"),
}
# fmt: on


def _mail(*header: str, body: str, html: str = "", charset: str = "utf-8") -> bytes:
    fields = [
        *header,
        "Date: Sat, 21 Nov 2026 09:15:00 +0000",
        "Message-ID: <hostile@shop.example>",
        "MIME-Version: 1.0",
    ]
    parts = [(kind, text) for kind, text in (("plain", body), ("html", html)) if text]
    if len(parts) > 1:
        fields += ["Content-Type: multipart/alternative; boundary=b0u1n2d3", ""]
        for kind, text in parts:
            fields += ["--b0u1n2d3", f"Content-Type: text/{kind}; charset={charset}", "", text]
        fields += ["--b0u1n2d3--", ""]
    else:
        kind, text = parts[0] if parts else ("plain", "")
        fields += [f"Content-Type: text/{kind}; charset={charset}", "", text]
    return "\n".join(fields).encode("utf-8", "surrogatepass")


LETTER: Final = ("From: Ulrike Sandvoss <ulrike@sandvoss.example>", "To: desk@shop.example")
SITE: Final = ("From: Shop <noreply@shop.example>", "Reply-To: jasper@mail.example", "To: desk@shop.example")
FACEBOOK: Final = (
    "From: Facebook <notification@facebookmail.com>",
    "To: desk@shop.example",
    "Subject: Anna Petrova commented on your post.",
    "X-Facebook-Notify: feed_comment; mailid=1",
)
VK: Final = ("From: =?utf-8?b?0JLQmtC+0L3RgtCw0LrRgtC1?= <admin@notify.vk.com>", "To: desk@shop.example")
POST: Final = "https://www.facebook.com/groups/12/permalink/34567/?comment_id=89"
WORDPRESS: Final = (
    "From: WordPress <wordpress@shop.example>",
    "To: desk@shop.example",
    "Subject: [Shop] Comment: Tea",
    "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)",
)
LINKS: Final = (
    "Permalink: https://shop.example/tea/#comment-7\n"
    "Trash it: https://shop.example/wp-admin/comment.php?action=trash&c=7#wpbody-content\n"
)


def _comment(text: str) -> bytes:
    head = (
        "New comment on your post “Tea”\nAuthor: Anna (IP address: 192.0.2.7, 192.0.2.7)\nEmail: a@mail.example\nURL:\n"
    )
    return _mail(*WORDPRESS, body=f"{head}Comment:\n{text}\n\n{LINKS}")


def _forward(text: str) -> bytes:
    head = "---------- Forwarded message ---------\nFrom: Facebook <notification@facebookmail.com>\n"
    told = f"Subject: Anna Petrova commented on your post.\n\nAnna commented: “{text}”\n{POST}\n"
    return _mail(*LETTER, "Subject: Fwd: Anna Petrova commented on your post.", body=head + told)


TEXT_CARRIERS: Final[dict[str, Callable[[str], bytes]]] = {
    "letter": lambda text: _mail(*LETTER, "Subject: Question", body=text),
    "answer": lambda text: _mail(*LETTER, "Subject: Re: Tea", "In-Reply-To: <1@shop.example>", body=f"Yes.\n\n{text}"),
    "signature": lambda text: _mail(*LETTER, "Subject: Tea", body=f"How much?\n\n-- \nUlrike\n{text}\n+49 30 1234567"),
    "form": lambda text: _mail(
        *SITE, "Subject: New", body=f"Name: Jasper\nE-mail: jasper@mail.example\nMessage: {text}\n"
    ),
    "form below": lambda text: _mail(
        *SITE, "Subject: New", body=f"{text}\nName: Jasper\nE-mail: jasper@mail.example\n"
    ),
    "bare form": lambda text: _mail(
        "From: desk@shop.example",
        "Reply-To: jasper@mail.example",
        "To: desk@shop.example",
        "Subject: Contact",
        body=text,
    ),
    "comment": _comment,
    "comment head": lambda text: _mail(*WORDPRESS, body=f"{text}\n{LINKS}"),
    "notice": lambda text: _mail(
        *WORDPRESS[:2], "Subject: [Shop] New", body=f"{text}\nhttps://shop.example/wp-login.php"
    ),
    "contact form 7": lambda text: _mail(
        *WORDPRESS[:2],
        "Subject: Tea",
        WORDPRESS[3],
        body=f"From: A a@b.example\nSubject: Tea\n\nMessage Body:\n{text}\n-- \nSent from Shop (https://shop.example)\n",
    ),
    "facebook": lambda text: _mail(*FACEBOOK, body=f"Anna commented on your post.\n====\n“{text}”\n====\n{POST}\n"),
    "facebook sentence": lambda text: _mail(*FACEBOOK[:2], f"Subject: {text[:200]!r}", body=f"{text}\n{POST}\n"),
    "vkontakte": lambda text: _mail(
        *VK,
        "Subject: =?utf-8?b?0JDQvdC90LA=?=",
        body=f"Анна прокомментировала запись\n{text}\nhttps://vk.com/wall-1_2?reply=3\n",
    ),
    "forward": _forward,
    "out of office": lambda text: _mail(*LETTER, "Subject: Automatic reply: Tea", body=f"I am away until {text}"),
    "bounce": lambda text: _mail("From: MAILER-DAEMON@shop.example", "Subject: failure notice", body=text),
}
"""Mails with a text that somebody else chose; each leads to another parser or another of its branches."""

PAGE_CARRIERS: Final[dict[str, Callable[[str], bytes]]] = {
    "letter page": lambda page: _mail(*LETTER, "Subject: Question", body="", html=page),
    "answer page": lambda page: _mail(*LETTER, "Subject: Re: Tea", body="Yes, please send two.", html=f"<p>Yes{page}"),
    "form page": lambda page: _mail(
        *SITE, "Subject: New", body="", html=f"<table><tr><td>Name<td>Jasper<tr><td>Message<td>{page}</table>"
    ),
    "facebook page": lambda page: _mail(
        *FACEBOOK,
        body="",
        html=f"<a href='https://www.facebook.com/anna.p'>Anna Petrova</a> commented on your post."
        f"<p>{page}<a href='{POST}'>See",
    ),
    "vkontakte page": lambda page: _mail(
        *VK,
        "Subject: =?utf-8?b?0JDQvdC90LA=?=",
        body="",
        html=f"<a href='https://vk.com/id1'>Анна</a> прокомментировала запись<p>{page}<a href='https://vk.com/wall-1_2'>1",
    ),
    "comment page": lambda page: _mail(*WORDPRESS, body="", html=f"Author: Anna (IP: 192.0.2.7)<br>{page}<br>{LINKS}"),
}
"""Mails with a page that somebody else chose."""

FROM: Final = b"From: anna@letter.example\nSubject: Kettle\n"
PARTS: Final = FROM + b"Content-Type: multipart/mixed; boundary=b\n\n"
PAGE: Final = FROM + b"Content-Type: text/html\n\n"


def nested(depth: int) -> bytes:
    """Multiparts in each other, each with a text of its own before the next."""
    levels = (
        b"--b%d\n\nlevel %d\n--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i, i, i + 1)
        for i in range(depth)
    )
    return FROM + b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"".join(levels) + b"--b%d\n\nend\n" % depth


def _numbered(form: bytes, n: int) -> bytes:
    return b"".join(form % i for i in range(n))


STRUCTURES: Final[dict[str, Grow]] = {
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n,
    "words never closed": lambda n: b"Subject: " + b"=?utf-8?q?a" * n,
    "words of many charsets": lambda n: b"Subject: " + _numbered(b"=?cp%d?q?=e4?= ", n),
    "words of base64": lambda n: b"Subject: " + b"=?utf-8?b?0?= " * n,
    "words in From": lambda n: b"From: " + b"=?utf-8?q?a?= " * n + b"<a@b.example>",
    "folded words": lambda n: b"Subject: " + b"=?utf-8?b?0Y8=?=\n " * n,
    "questions": lambda n: b"Subject: =?utf-8?q?" + b"?" * n,
    "semicolons": lambda n: b"Content-Type: text/plain" + b";" * n,
    "parameters": lambda n: b"Content-Type: text/plain" + _numbered(b"; a%d=b", n),
    "sections": lambda n: b"Content-Type: text/plain" + _numbered(b"; name*%d*=b", n),
    "encoded sections": lambda n: b"Content-Type: text/plain; name*0*=utf-8''" + b"%C3%A4" * n,
    "quoted parameter": lambda n: b'Content-Type: text/plain; name="' + b"\\" * n,
    "boundary": lambda n: b'Content-Type: multipart/mixed; boundary="' + b"b" * n + b'"\n\n--' + b"b" * n,
    "blanks in a header": lambda n: b"Content-Type: a" + b" " * n + b"b",
    "comments in a type": lambda n: b"Content-Type: text/plain" + b"(" * n,
    "quotes in From": lambda n: b"From: " + b'"' * n,
    "backslashes in From": lambda n: b'From: "' + b"\\" * n,
    "parentheses in From": lambda n: b"From: " + b"(" * n,
    "closed parentheses in From": lambda n: b"From: " + b"()" * n,
    "angles in From": lambda n: b"From: " + b"<a@ " * n,
    "at signs in From": lambda n: b"From: " + b"@" * n,
    "dots in From": lambda n: b"From: a@" + b"b." * n,
    "groups in From": lambda n: b"From: " + b"a:" * n + b"b@c.example;",
    "routes in From": lambda n: b"From: <" + b"@a.example," * n + b":b@c.example>",
    "recipients": lambda n: b"To: " + b"a@b.example, " * n,
    "many To": lambda n: b"To: a@b.example\n" * n,
    "headers": lambda n: b"X-A: b\n" * n,
    "header names": lambda n: _numbered(b"X-A%d: b\n", n),
    "long header name": lambda n: b"X-" + b"a" * n + b": b",
    "broken headers": lambda n: b"Subject: x\n" + b"broken\n" * n + b"To: a@b.example\n",
    "folds": lambda n: b"Subject: a\n" + b" \n" * n,
    "carriage returns": lambda n: b"Subject: a\n" + b"\r" * n,
    "leading blanks": lambda n: b" \n" * n + FROM,
    "envelope lines": lambda n: b"From anna Sat Nov 21\n" * n + FROM,
    "via": lambda n: b"From: a" + b" (via " * n + b"<a@b.example>",
    "mail prefixes": lambda n: b"Subject: " + b"Re: Fwd: " * n,
    "blank subject": lambda n: b"Subject: " + b"\xc2\xa0" * n + b"x",
    "raw header bytes": lambda n: b"Subject: " + b"\xe4\xff\x81" * n,
    "escapes in a header": lambda n: b"Subject: " + b"\x1b$B" * n,
    "date": lambda n: b"Date: " + b"(" * n,
    "date of digits": lambda n: b"Date: 1 Jan " + b"9" * n,
    "date of commas": lambda n: b"Date: " + b"Sat, " * n,
    "received": lambda n: b"Received: from a (b) by c; Sat, 21 Nov 2026 09:15:00 +0000\n" * n,
    "received semicolons": lambda n: b"Received: " + b";" * n,
    "references": lambda n: b"References: " + b"<a@b.example>\n " * n,
    "message id": lambda n: b"Message-ID: <" + b"a" * n + b"@b>",
    "message ids": lambda n: b"Message-ID: " + b"<" * n,
    "mailer": lambda n: b"X-Mailer: " + b"PHPMailer " * n,
    "list": lambda n: b"List-Id: " + b"a." * n,
    "auto": lambda n: b"Auto-Submitted: " + b"auto-" * n,
    "notify": lambda n: b"From: a@facebookmail.com\nFeedback-ID: " + b":" * n,
    "dispositions": lambda n: b"Content-Disposition: " + b"attachment;" * n,
    "encodings": lambda n: b"Content-Transfer-Encoding: " + b"base64 " * n,
    "charset": lambda n: b"Content-Type: text/plain; charset=" + b"a" * n,
    "nesting": nested,
    "multiparts never closed": lambda n: PARTS + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * n,
    "numbered multiparts": lambda n: PARTS + _numbered(b"--b\nContent-Type: multipart/mixed; boundary=c%d\n\n", n),
    "alternatives": lambda n: PARTS + b"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nx\n--c--\n" * n,
    "boundaries that begin alike": lambda n: PARTS + _numbered(b"--b%d\n\nx\n", n),
    "closed and closed": lambda n: PARTS + b"--b--\n" * n,
    "mails in mails": lambda n: (FROM + b"Content-Type: message/rfc822\n\n") * n,
    "encoded mails in mails": lambda n: (
        PARTS + b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQoKYg==\n" * n
    ),
    "attachments": lambda n: PARTS + b"--b\nContent-Type: image/png\n\nx\n" * n,
    "named texts": lambda n: PARTS + b"--b\nContent-Type: text/plain; name=a.txt\n\nx\n" * n,
    "pages": lambda n: PARTS + b"--b\nContent-Type: text/html\n\n<p>x\n" * n,
    "texts and pages": lambda n: PARTS + b"--b\n\nx\n--b\nContent-Type: text/html\n\n<p>x\n" * n,
    "attached mails": lambda n: PARTS + (b"--b\nContent-Type: message/rfc822\n\n" + FROM + b"\nx\n") * n,
    "digest": lambda n: FROM + b"Content-Type: multipart/digest; boundary=b\n\n" + (b"--b\n\n" + FROM + b"\nx\n") * n,
    "reports": lambda n: PARTS + b"--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n" * n,
    "partial": lambda n: PARTS + b"--b\nContent-Type: message/partial; number=1\n\nx\n" * n,
    "external bodies": lambda n: PARTS + b"--b\nContent-Type: message/external-body; access-type=URL\n\nx\n" * n,
    "calendars": lambda n: PARTS + b"--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n" * n,
    "calendar alone": lambda n: FROM + b"Content-Type: text/calendar; method=REQUEST\n\n" + b"BEGIN:VEVENT\n" * n,
    "TNEF": lambda n: (
        PARTS + b"--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22" + b"\x01\x00" * n
    ),
    "vcards": lambda n: PARTS + b"--b\nContent-Type: text/vcard\n\nBEGIN:VCARD\n" * n,
    "signed": lambda n: PARTS + b"--b\nContent-Type: multipart/signed; boundary=c; protocol=x\n\n--c\n\nx\n" * n,
    "zip of zeros": lambda n: (
        PARTS + b"--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + b"AAAA" * n
    ),
    "compressed": lambda n: FROM + b"Content-Encoding: gzip\n\n\x1f\x8b\x08\0" + b"\0" * n,
    "boundaries in a line": lambda n: PARTS + b"--b" * n,
    "dashes": lambda n: FROM + b"Content-Type: multipart/mixed\n\n" + b"--a\n" * n,
    "undeclared parts": lambda n: (
        FROM + b"Content-Type: multipart/mixed\n\n" + b"--a\nContent-Type: text/plain\n\nx\n" * n
    ),
    "padding": lambda n: FROM + b"Content-Transfer-Encoding: base64\n\n" + b"Q= " * n,
    "base64 signs": lambda n: FROM + b"Content-Transfer-Encoding: base64\n\n" + b"QUJD\x80#" * n,
    "one base64 sign": lambda n: FROM + b"Content-Transfer-Encoding: base64\n\n" + b"Q\n" * n,
    "base64 and words": lambda n: FROM + b"Content-Transfer-Encoding: base64\n\nQUJDRA==\n" + b"a list footer \n" * n,
    "soft breaks": lambda n: FROM + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * n,
    "soft lines": lambda n: FROM + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * n,
    "half escapes": lambda n: FROM + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=4" * n,
    "quoted NULs": lambda n: FROM + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=00" * n,
    "uuencoding": lambda n: FROM + b"Content-Transfer-Encoding: uuencode\n\nbegin 644 a\n" + b"M!\n" * n,
    "yEnc": lambda n: FROM + b"\n=ybegin line=128 size=1 name=a\n" + b"\xff=}" * n,
    "unknown bytes": lambda n: FROM + b"\n" + b"\xff\xfe\xc0" * n,
    "long characters": lambda n: FROM + b"\n" + b"\xf8\x88\x80\x80\x80" * n,
    "surrogates in UTF-8": lambda n: FROM + b"Content-Type: text/plain; charset=utf-8\n\n" + b"\xed\xa0\x80" * n,
    "NULs": lambda n: FROM + b"\n" + b"\0" * n,
    "only NULs": lambda n: b"\0" * n,
    "bare CR": lambda n: (FROM + b"\n").replace(b"\n", b"\r") + b"a\r" * n,
    "CRLF and LF": lambda n: FROM + b"\n" + b"a\r\nb\nc\r\r\n" * n,
    "flowed": lambda n: FROM + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * n,
    "flowed quotes": lambda n: FROM + b"Content-Type: text/plain; format=flowed\n\n" + b">" * n + b" a \n",
    "enriched": lambda n: FROM + b"Content-Type: text/enriched\n\n" + b"<param>" * n,
    "RTF": lambda n: FROM + b"Content-Type: text/rtf\n\n" + b"{\\rtf1 " * n,
    "no header at all": lambda n: b"word " * n,
    "only a header": lambda n: b"From: a@b.example\n" + b"X-A: b\n" * n,
    "UTF-16 mail": lambda n: (FROM.decode() + "\nя" * n).encode("utf-16"),
}
"""Mails that are hostile in their header or their structure; `n` counts the repeated pieces."""

_CHARSETS: Final = """
    utf-7 utf-8 utf-16 utf-16-le utf-32 unicode-1-1-utf-7 iso-2022-jp iso-2022-kr iso-2022-cn hz-gb-2312 shift_jis
    euc-jp big5 gb18030 ks_c_5601-1987 koi8-r windows-1251 x-mac-cyrillic iso-8859-8-i tis-620 idna punycode
    unicode-escape base64 zlib rot13 undefined mbcs cp65001 x-unknown us-ascii 8bit binary none
"""
CHARSETS: Final = tuple(_CHARSETS.split())
DATES: Final = (
    "1 Jan 99999999999999999999 00:00",
    "31 Feb 2026 10:00:00 +0000",
    "Sat, 21 Nov 2026 25:61:61 +9999",
    "Sat, 21 Nov 0000 00:00:00 -0000",
    "Sat, 21 Nov 10000 00:00:00 +0000",
    "Thu, 01 Jan 1970 00:00:00 -2400",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 1 Jan 0001 00:00:00 +1400",
    "2026-11-21T09:15:00.999999999Z",
    "20261121",
    "-1",
    "٢١ نوفمبر ٢٠٢٦",
    "Sat, 21 Nov 2026 09:15:00 " + "(" * 40 + "UTC" + ")" * 40,
    "\0\0\0",
    "Mon, Tue, Wed, Thu",
    "now",
)


def charset_mail(charset: str, n: int) -> bytes:
    """A letter that declares `charset`, in header and body, over bytes of every kind."""
    data = bytes(range(256)) + b"+AGEAYg- ~{!!~} \x1b$B$3\x1b(B \xed\xa0\x80 xn--a \\ud800 " * n
    name = charset.encode()
    return b"From: =?%s?q?=e4=ff?= <a@b.example>\nContent-Type: text/plain; charset=%s\n\n" % (name, name) + data


def encoded(raw: bytes, encoding: str) -> bytes:
    """A mail of one part as `raw`, its body transfer-encoded and hurt: a line cut, a byte flipped, the end missing."""
    head, _, body = raw.partition(b"\n\n")
    data = base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body)
    hurt = data[: len(data) // 3] + b"\x80=" + data[len(data) // 3 + 5 : -3]
    return head + b"\nContent-Transfer-Encoding: " + encoding.encode() + b"\n\n" + hurt

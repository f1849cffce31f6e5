"""Generated mails for measuring: the same bytes for the same number, in the mix that company mailboxes have.

Of 100 mails 60 are HTML (median about 26 KB: social notifications and forms), 30 plain text (about 3 KB: blog comments
and forms), 5 letters (about 8 KB, with a quoted thread) and 5 forms with attachments (mean about 745 KB). Every mail
holds exactly one interest. All people are invented.
"""

from __future__ import annotations

import base64
import quopri
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from random import Random
from typing import NamedTuple

SITE = "shop.example"
START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
ATTACHED_BYTES = (150_000, 950_000)  # decoded, so 745 KB on average as base64
HTML_BYTES = (17_000, 29_000)  # of the HTML part before its encoding

NAMES = [
    "Anna Petrova", "Jonas Lindqvist", "Мария Соколова", "Олег Гаврилов", "Chiara Bellini", "Tomás Herrera", "佐藤 健",
    "山田 花子", "Zeynep Aydın", "Claire Moreau", "Jürgen Bäcker", "Olena Kovalenko", "Ravi Menon", "Nadia Haddad",
]  # fmt: skip
PRODUCTS = [
    ("Oak shelf 120 cm", "oak-shelf-120"), ("Walnut desk", "walnut-desk"), ("Полка дубовая", "polka-dubovaya"),
    ("Linen curtain, grey", "linen-curtain-grey"), ("Teppich “Nord”", "teppich-nord"), ("白いランプ", "white-lamp"),
]  # fmt: skip
SENTENCES = {
    "en": ("Is it still available?", "Do you deliver to the islands?", "The colour is lovely.", "Is it guaranteed?",
           "We would need twelve of them by May.", "Could someone call me back in the afternoon?"),
    "ru": ("Есть ли он ещё в наличии?", "Привезёте ли вы его в Казань?", "Очень красивый цвет.", "Какая гарантия?",
           "Нам нужно двенадцать штук к маю.", "Перезвоните мне, пожалуйста, после обеда."),
    "de": ("Ist das noch lieferbar?", "Liefern Sie auch auf die Inseln?", "Eine schöne Farbe.", "Gibt es Garantie?",
           "Wir bräuchten zwölf Stück bis Mai.", "Bitte rufen Sie mich am Nachmittag zurück."),
    "fr": ("En avez-vous encore ?", "Livrez-vous sur les îles ?", "La couleur est superbe.", "Est-il garanti ?",
           "Il nous en faudrait douze pour mai.", "Pouvez-vous me rappeler cet après-midi ?"),
    "ja": ("まだ在庫はありますか。", "離島への配送は可能でしょうか。", "素敵な色ですね。", "保証はありますか。",
           "五月までに十二個必要です。", "午後に折り返しお電話をいただけますか。"),
}  # fmt: skip
# WordPress 6: subject word, first line, author, IP address, e-mail, comment, all comments, permalink, trash, spam
COMMENT_LABELS = {
    "en": ("Comment", "New comment on your post", "Author", "IP address", "Email", "Comment",
           "You can see all comments on this post here:", "Permalink", "Trash it", "Spam it"),
    "ru": ("Комментарий", "Новый комментарий к записи", "Автор", "IP-адрес", "E-mail", "Комментарий",
           "Здесь вы можете посмотреть все комментарии к данной записи:", "Постоянная ссылка", "В корзину", "Спам"),
    "de": ("Kommentar", "Neuer Kommentar zum Beitrag", "Autor", "IP-Adresse", "E-Mail", "Kommentar",
           "Alle Kommentare zu diesem Beitrag:", "Permalink", "In den Papierkorb", "Als Spam markieren"),
    "fr": ("Commentaire", "Nouveau commentaire sur votre publication", "Auteur", "adresse IP", "E-mail", "Commentaire",
           "Tous les commentaires de cette publication :", "Permalien", "Mettre à la corbeille", "Indésirable"),
    "ja": ("コメント", "投稿に新しいコメントがあります", "投稿者", "IP アドレス", "メール", "コメント",
           "この投稿へのコメント一覧:", "パーマリンク", "ゴミ箱に移動", "スパム"),
}  # fmt: skip
# Contact Form 7: from, subject, message body, footer
FORM_LABELS = {
    "en": ("From", "Subject", "Message Body", "This is a notification that a contact form was submitted on your site"),
    "ru": ("От", "Тема", "Сообщение", "Это сообщение отправлено с сайта"),
    "de": ("Von", "Betreff", "Nachrichtentext", "Diese E-Mail wurde von einem Kontaktformular gesendet von"),
    "fr": ("De", "Objet", "Corps du message", "Cet e-mail a été envoyé via le formulaire de contact de"),
    "ja": ("差出人", "題名", "メッセージ本文", "このメールはお問い合わせフォームから送信されました"),
}
# A form builder's table: name, e-mail, phone, product, message
FIELD_LABELS = {
    "en": ("Name", "Email", "Phone", "Product", "Message"),
    "ru": ("Имя", "E-mail", "Телефон", "Товар", "Сообщение"),
    "de": ("Name", "E-Mail", "Telefon", "Produkt", "Nachricht"),
    "fr": ("Nom", "E-mail", "Téléphone", "Produit", "Message"),
    "ja": ("お名前", "メールアドレス", "電話番号", "商品", "お問い合わせ内容"),
}
SOCIAL_SENTENCES = {"en": "{} commented on your post.", "ru": "{} прокомментировал(а) вашу публикацию."}


class Person(NamedTuple):
    """Who writes, and what."""

    name: str
    email: str
    language: str
    text: str


def generate(number: int) -> bytes:
    """The mail of this number, with CRLF line ends; `number` alone decides every byte."""
    rng = Random(number)  # noqa: S311  not for secrets: the same mails on every machine
    kind = KINDS[number * 37 % 100]  # 37 has no factor of 100: each hundred holds the exact mix, spread out
    headers, body = kind(number, rng)
    date = sent_at(number)
    relay = f"mail{number % 7}.sender.example"
    common = [
        f"Received: from {relay} (192.0.2.{number % 250}) by mx.{SITE} with ESMTPS id {number:08x}",
        f"\tfor <interest@{SITE}>; {format_datetime(date)}",
        f"Received: from localhost (127.0.0.1) by {relay} with ESMTP; {format_datetime(date)}",
        f"To: interest@{SITE}",
        f"Date: {format_datetime(date)}",
        "MIME-Version: 1.0",
    ]
    return ("\n".join(common + headers) + "\n").replace("\n", "\r\n").encode() + body.replace(b"\n", b"\r\n")


def sent_at(number: int) -> datetime:
    """When the mail of this number was sent and received."""
    return START + timedelta(minutes=7 * number)


def _social(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A comment as Facebook tells of it: layout tables, tracking links, the text once plain and once as HTML."""
    who = _person(rng, number, rng.choice(["en", "ru"]))
    sentence = SOCIAL_SENTENCES[who.language].format(who.name)
    post = f"permalink.php&story_fbid={7_000_000 + number}&id=1234567&comment_id={900_000 + number}"
    track = (
        f"&aref={rng.getrandbits(50)}&medium=email&mid={rng.getrandbits(60):x}&bcode=1.{number}&n_m=interest%40{SITE}"
    )
    url = f"https://www.facebook.com/n/?{post}{track}&lloc=view_on_facebook_btn"
    plain = f'{sentence}\n\n"{who.text}"\n\n{"=" * 40}\nView on Facebook\n{url}\n{"=" * 40}\nMeta Platforms, Inc.\n'
    href = url.replace("&", "&amp;")
    profile = f"https://www.facebook.com/n/?profile.php&amp;id={500_000 + number}{track.replace('&', '&amp;')}"
    photo = f"https://scontent-ams2-1.xx.fbcdn.net/v/t1.0-1/{number}_n.jpg?oh={rng.getrandbits(60):x}"
    content = (
        f'<tr><td><a href="{profile}&amp;lloc=author_pic"><img src="{photo}" width="50" height="50"></a></td>'
        f'<td><span class="mb_text"><a href="{profile}&amp;lloc=actor_profile">{who.name}</a>'
        f"{sentence.removeprefix(who.name)}</span></td></tr>"
        f'<tr><td colspan="2"><span class="mb_text">{_escape(who.text)}</span></td></tr>'
        f'<tr><td class="mb_blk"><a href="{href}">View on Facebook</a></td></tr>'
    )
    headers = [
        "From: Facebook <notification@facebookmail.com>",
        "Reply-To: noreply <noreply@facebookmail.com>",
        _subject(sentence),
        f"Message-ID: <{rng.getrandbits(128):032x}@www.facebook.com>",
        "X-Mailer: ZuckMail [version 1.00]",
        f"X-Facebook-Notify: feed_comment; mailid={rng.getrandbits(64):x}",
        f"List-Unsubscribe: <https://www.facebook.com/o.php?k={rng.getrandbits(40):x}&u={number}>",
    ]
    return _alternative(headers, plain, _page("Facebook", content, rng), number)


def _html_form(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A form builder's mail: HTML only, one row of a table for each field."""
    who = _person(rng, number, rng.choice(list(FIELD_LABELS)))
    values = (who.name, who.email, f"+49 30 {rng.randrange(10**6, 10**7)}", rng.choice(PRODUCTS)[0], who.text)
    rows = (
        f'<tr bgcolor="#EAF2FA"><td colspan="2"><font face="sans-serif"><strong>{label}</strong></font></td></tr>'
        f'<tr bgcolor="#FFFFFF"><td width="20">&nbsp;</td><td><font size="2">{_escape(value)}</font></td></tr>'
        for label, value in zip(FIELD_LABELS[who.language], values, strict=True)
    )
    headers = [
        f"From: Shop <wordpress@{SITE}>",
        f"Reply-To: {who.email}",
        _subject(f"New submission from Contact {number % 9}"),
        f"Message-ID: <{rng.getrandbits(96):x}@{SITE}>",
        "Content-Type: text/html; charset=UTF-8",
        "Content-Transfer-Encoding: quoted-printable",
    ]
    return [*headers, ""], _quoted(_page("Contact", "".join(rows), rng))


def _comment(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A comment as WordPress tells of it, in five languages."""
    who = _person(rng, number, rng.choice(list(COMMENT_LABELS)), sentences=rng.randint(16, 80))
    word, first, author, address, email, comment, listed, permalink, trash, spam = COMMENT_LABELS[who.language]
    title, path = rng.choice(PRODUCTS)
    page, action = f"https://{SITE}/{path}/", f"https://{SITE}/wp-admin/comment.php"
    body = (
        f'{first} "{title}"\n{author}: {who.name} ({address}: 198.51.100.{number % 250}, 198.51.100.{number % 250})\n'
        f"{email}: {who.email}\nURL: \n{comment}: \n{who.text}\n\n{listed}\n{page}#comments\n\n"
        f"{permalink}: {page}#comment-{number}\n{trash}: {action}?action=trash&c={number}#wpbody-content\n"
        f"{spam}: {action}?action=spam&c={number}#wpbody-content\n"
    )
    headers = [
        f"From: {Header(who.name, 'utf-8').encode()} <wordpress@{SITE}>",
        f'Reply-To: "{who.email}" <{who.email}>',
        _subject(f'[Shop] {word}: "{title}"'),
        f"Message-ID: <{rng.getrandbits(96):x}@{SITE}>",
        "X-Mailer: PHPMailer 6.6.5 (https://github.com/PHPMailer/PHPMailer)",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return [*headers, ""], body.encode()


def _form(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A form as Contact Form 7 sends it, in five languages."""
    who = _person(rng, number, rng.choice(list(FORM_LABELS)), sentences=rng.randint(16, 80))
    headers = [*_form_headers(who, rng), "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"]
    return [*headers, ""], _form_text(who).encode()


def _letter(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A letter of a person with the quoted thread below and a signature."""
    who = _person(rng, number, rng.choice(["en", "de"]), sentences=12)
    quoted = "\n".join(f"> {rng.choice(SENTENCES[who.language])}" for _ in range(90))
    intro = "On Mon, 2 Mar 2026 at 09:12, Shop <interest@shop.example> wrote:"
    body = f"Hello,\n\n{who.text}\n\nBest regards\n{who.name}\n\n{intro}\n{quoted}\n"
    headers = [
        f"From: {Header(who.name, 'utf-8').encode()} <{who.email}>",
        _subject(f"Re: {rng.choice(PRODUCTS)[0]}"),
        f"Message-ID: <{rng.getrandbits(96):x}@hey.example>",
        "User-Agent: Mozilla Thunderbird",
    ]
    page = f"<html><body><p>{_escape(body).replace(chr(10), '<br>')}</p></body></html>"
    return _alternative(headers, body, page, number)


def _attachments(number: int, rng: Random) -> tuple[list[str], bytes]:
    """A form with one to three files."""
    who = _person(rng, number, "en")
    edge = f"=_files_{number:08x}"
    parts = [b"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n" + _form_text(who).encode()]
    files = rng.randint(1, 3)
    for each in range(files):
        content = base64.encodebytes(rng.randbytes(rng.randint(*ATTACHED_BYTES) // files))
        name = f'name="photo{each}.jpg"'
        head = f"Content-Type: image/jpeg; {name}\nContent-Disposition: attachment; file{name}\n"
        parts.append(head.encode() + b"Content-Transfer-Encoding: base64\n\n" + content)
    headers = [*_form_headers(who, rng), f'Content-Type: multipart/mixed; boundary="{edge}"']
    return [*headers, ""], _joined(parts, edge)


def _person(rng: Random, number: int, language: str, sentences: int = 3) -> Person:
    text = " ".join(rng.choice(SENTENCES[language]) for _ in range(sentences))
    return Person(rng.choice(NAMES), f"person{number}@customer{number % 900}.example", language, f"{text} ({number})")


def _form_headers(who: Person, rng: Random) -> list[str]:
    return [
        f"From: Shop <wordpress@{SITE}>",
        f"Reply-To: {who.email}",
        _subject(f'Shop "{rng.choice(SENTENCES[who.language])}"'),
        f"Message-ID: <{rng.getrandbits(96):x}@{SITE}>",
        "X-Mailer: PHPMailer 6.6.5 (https://github.com/PHPMailer/PHPMailer)",
    ]


def _form_text(who: Person) -> str:
    sender, subject, message, footer = FORM_LABELS[who.language]
    return (
        f"{sender}: {who.name} {who.email}\n{subject}: {SENTENCES[who.language][0]}\n\n{message}:\n{who.text}\n\n"
        f"-- \n{footer} (Shop https://{SITE}).\n"
    )


def _subject(text: str) -> str:
    return "Subject: " + Header(text, "us-ascii" if text.isascii() else "utf-8").encode()


def _alternative(headers: list[str], plain: str, html: str, number: int) -> tuple[list[str], bytes]:
    edge = f"b1_{number:032x}"
    encoding = "Content-Transfer-Encoding: quoted-printable\n\n"
    parts = [
        f"Content-Type: text/plain; charset=UTF-8\n{encoding}".encode() + _quoted(plain),
        f"Content-Type: text/html; charset=UTF-8\n{encoding}".encode() + _quoted(html),
    ]
    return [*headers, f'Content-Type: multipart/alternative; boundary="{edge}"', ""], _joined(parts, edge)


def _joined(parts: list[bytes], edge: str) -> bytes:
    line = f"--{edge}".encode()
    return b"".join(line + b"\n" + part + b"\n" for part in parts) + line + b"--\n"


def _quoted(text: str) -> bytes:
    return quopri.encodestring(text.encode())


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _page(title: str, content: str, rng: Random) -> str:
    """A mail-proof page around `content`: a style sheet, and nested layout tables with inline styles and long links.

    About 300 tags in 23,000 characters, as dense as the notification mails of large services.
    """
    size = rng.randint(*HTML_BYTES)
    style = "".join(
        f".c{n} td{{padding:{n % 9}px {n % 17}px;font-family:Helvetica Neue,Arial,sans-serif;color:#{n * 409:06x}}}"
        for n in range(60)
    )
    cell = (
        '<tr style="border-collapse:collapse;mso-table-lspace:0pt">'
        '<td style="display:block;width:{0}px;line-height:{0}px;padding:0 {0}px 4px 0;font-family:Helvetica Neue,'
        'Helvetica,arial,sans-serif;font-size:16px;color:#141823" colspan="3">&nbsp;</td>'
        '<td class="c{0}" valign="middle" align="center"><img src="https://static.sender.example/rsrc.php/v3/y{0}/r/'
        '{1:x}.png" width="16" height="16" style="border:0;display:block;outline:none" alt=""></td></tr>'
    )
    filling = max(0, size - len(style) - len(content)) // (2 * len(cell))
    around = ["".join(cell.format(n % 60, rng.getrandbits(64)) for n in range(filling)) for _ in range(2)]
    return (
        f'<!DOCTYPE html><html><head><title>{title}</title><meta http-equiv="Content-Type" content="text/html; '
        f'charset=utf-8"><style>{style}</style></head><body style="margin:0" dir="ltr"><table border="0" width="100%" '
        f'align="center" cellspacing="0" cellpadding="0" id="email_table"><tr><td id="email_content"><table>{around[0]}'
        f"{content}{around[1]}</table></td></tr></table></body></html>"
    )


MIX = {_social: 40, _html_form: 20, _comment: 18, _form: 12, _letter: 5, _attachments: 5}
KINDS = [kind for kind, percent in MIX.items() for _ in range(percent)]

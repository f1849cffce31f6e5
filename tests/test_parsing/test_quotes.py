"""Quotes and signatures: gone where a mail program put them, kept where a customer typed something alike."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.mail import Mail
from interest_ingest.parsing.quotes import answer, reply_html, split_signature, strip_reply

ATTRIBUTIONS = {
    "mutt": "On Tue, Nov 03, 2026 at 11:48:00AM +0000, Fern & Ladle wrote:",
    "gmail en": "On Tue, Nov 3, 2026 at 11:48 AM Fern & Ladle <shop@ladle.example> wrote:",
    "gmail en wrapped": "On Tue, Nov 3, 2026 at 11:48 AM The Fern & Ladle <shop@ladle.example>\nwrote:",
    "gmail en cut in the address": "On Tue, Nov 3, 2026 at 11:48 AM Fern & Ladle <\nshop@ladle.example> wrote:",
    "gmail ru": "вт, 3 нояб. 2026 г. в 11:48, Медовая изба <shop@izba.example>:",
    "gmail ru old": "3 ноября 2026 г., 11:48 пользователь Лавка <shop@izba.example> написал:",
    "gmail uk": "вт, 3 лист. 2026 р. о 11:48 Лавка <shop@izba.example> пише:",
    "gmail de": "Am Di., 3. Nov. 2026 um 11:48 Uhr schrieb Teestube <shop@kanne.example>:",
    "gmail fr": "Le mar. 3 nov. 2026 à 11:48, Maison de thé <shop@the.example> a écrit :",
    "gmail fa": "در تاریخ سه‌شنبه ۳ نوامبر ۲۰۲۶ ساعت ۱۱:۴۸ چای \u200f<\u202ashop@chai.example\u202c> نوشت:\u200f",
    "gmail ar": "في الثلاثاء، ٣ نوفمبر ٢٠٢٦ في ١١:٤٨ ص تمت كتابة ما يلي بواسطة الشاي <shop@ibriq.example>:",
    "gmail ja": "2026年11月3日(火) 11:48 茶屋 <shop@chakan.example>:",
    "gmail hi": "मंगल, 3 नव॰ 2026 को 11:48 am बजे को चाय घर <shop@chai.example> ने लिखा:",
    "gmail zh": "茶馆 <shop@cha.example> 于2026年11月3日周二 11:48写道：",
    "gmail ko": "2026년 11월 3일 (화) 오전 11:48, 찻집 <shop@cha.example>님이 작성:",
    "gmail tr": "Çay Evi <shop@cay.example>, 3 Kas 2026 Sal, 11:48 tarihinde şunu yazdı:",
    "gmail es": "El mar, 3 nov 2026 a las 11:48, Casa de té (<shop@tetera.example>) escribió:",
    "thunderbird en": "On 03/11/2026 11:48, Fern & Ladle wrote:",
    "thunderbird ru": "03.11.2026 11:48, Медовая изба пишет:",
    "thunderbird de": "Am 03.11.26 um 11:48 schrieb Teestube:",
    "thunderbird ja": "On 2026/11/03 11:48, 茶屋 wrote:",
    "yandex": '03.11.2026, 11:48, "Медовая изба" <shop@izba.example>:',
    "yandex with header": "-----------\nКому: a@b.example;\nТема: Заказ;\n03.11.2026, 11:48, Лавка <a@c.example>:",
    "mail.ru": "Вторник, 3 ноября 2026, 11:48 +03:00 от Лавка <shop@izba.example>:",
    "apple de": "Am 03.11.2026 um 11:48 schrieb Teestube <shop@kanne.example>:",
    "proton": "---- Original Message ----\nOn Tue, November 3rd, 2026, 11:48, Shop <a@b.example> wrote:",
    "name wrapped before its address": "Çay Evi\n<shop@cay.example>, 3 Kas 2026 Sal, 11:48 tarihinde şunu yazdı:",
    "s-nail": "Fern & Ladle wrote in\n <20261103101200.abc@ladle.example>:",
    "only a name": "Fern & Ladle schrieb:",
    "unknown language": "Ngày 3 thg 11, 2026 lúc 11:48 Trà quán <shop@tra.example> đã viết:",
}
QUOTE = "> Hello,\n>\n> how many do you need?\n>> 40?\n>"


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
def test_a_quote_under_its_announcement_is_dropped(attribution: str) -> None:
    """Above it (top posting), below it (bottom posting) and between its lines."""
    assert strip_reply(f"Forty, please.\n\n{attribution}\n{QUOTE}\n") == "Forty, please."
    assert strip_reply(f"{attribution}\n\n{QUOTE}\n\nForty, please.\n") == "Forty, please."
    assert strip_reply(f"{attribution}\n> Which?\n\nRed.\n\n> How many?\n\nForty.").split() == ["Red.", "Forty."]


def test_apple_mail_quotes_its_own_announcement() -> None:
    """The line is inside the quote."""
    assert strip_reply("Yes.\n\n> Le 3 nov. 2026 à 11:48, Thé <a@the.example> a écrit :\n> \n> Où ?\n") == "Yes."


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Shop <a@b.example>\nSent: Tue 3 Nov 11:48\nTo: Anna\nSubject: Order",
        "____________________\nОт: Лавка <a@b.example>\nОтправлено: 3 ноября\nКому: Анна\nТема: Заказ",
        "Von: Shop <a@b.example>\nGesendet: Dienstag, 3. November 2026 11:48\nAn: Anna\nBetreff: Bestellung",
        "De : Thé <a@b.example>\nEnvoyé : mardi 3 novembre 2026 11:48\nÀ : Anna\nObjet : Commande",
        "*From:* Shop <a@b.example>\n*Date:* Tue, 3 Nov 2026\n*To:* Anna\n*Subject:* Order",
        "差出人: 茶屋 <a@b.example>\n送信日時: 2026年11月3日 11:48\n宛先: Anna\n件名: 注文",
        "发件人： 茶馆 <a@b.example>\n发送时间： 2026年11月3日 11:48\n收件人： Anna\n主题： 订单",
        "از: چای <a@b.example>\nتاریخ: ۳ نوامبر ۲۰۲۶\nبه: آنا\nموضوع: سفارش",
        "प्रेषक: चाय <a@b.example>\nभेजा गया: 3 नवंबर 2026\nप्रति: अन्ना\nविषय: ऑर्डर",
        "03.11.2026, 11:48, \"Лавка\" <shop@izba.example>:",
    ],
)  # fmt: skip
def test_what_stands_below_a_copied_header_is_dropped(block: str) -> None:
    """Outlook marks no line of its quote."""
    assert strip_reply(f"Forty, please.\n\n{block}\n\nHello,\nhow many?\n") == "Forty, please."


KEPT = [
    "> 40 people means two rooms.\nIs that so?",
    "Sizes wanted:\n> 10 cm\n> 20 cm\nNothing smaller.",
    "You said:\n> never stir the pot\nI always do.",
    "Вы писали:\n> вода не должна кипеть\nЭто не так.",
    "From: Berlin\nTo: Paris\nDate: 12 December\nHow much?",
    "From: Berlin at 10:30\nTo: Paris\nHow much?",
    "----- prices -----\n5 kg: 39.50\n-----\nand you?",
    "Call any of us:\nAnna: +7 900 000-11-22\nBoris: 8 900 000 11 33\nOffice 10:00-18:00:\n495 000 11 44",
    "Пишите на anna@hey.example до 18:00 12.12.2026:\nжду счёт.",
    "We meet on 2026-12-12 at 15:30, topics:\nprices\nboxes",
    "a | b\n| 1 | 2 |\n| 3 | 4 |",
    "=======\nORDER\n=======\n1. Keemun\n2. Oolong",
    "On the photo: a crack.\nOn the lid: another.",
    "Subject: my order\nIt never came.",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    """Comparisons, tables, phone lists, trips and separators are the customer's own words."""
    assert strip_reply(text) == text


def test_a_mail_of_nothing_but_a_quote_is_kept_whole() -> None:
    """Better a quote than an empty card."""
    text = "On Tue, Nov 03, 2026 at 11:48:00AM +0000, Shop wrote:\n> Hello"
    assert strip_reply(text) == text


WORDS = st.text(alphabet=st.characters(categories=("L", "Zs")), min_size=1, max_size=30).map(" ".join)
LINES = st.lists(
    st.text(alphabet=st.characters(exclude_characters=">|＞:：\r\n", exclude_categories=("C", "Z")), max_size=40)
)


@given(LINES)
def test_text_without_any_announcement_is_unchanged(lines: list[str]) -> None:
    """No colon, no mark: nothing can announce a quote."""
    text = "\n".join(lines)
    assert strip_reply(text) == text.strip()


@given(
    own=st.text(alphabet="abc дё .!?", min_size=1, max_size=60).filter(str.strip),
    verb=st.sampled_from(["wrote", "написал", "menulis", "đã viết", "ha escrit", ""]),
    clock=st.sampled_from(["11:48", "22.05", "9:01 PM", "۱۱:۴۸"]),
    quote=st.lists(st.text(alphabet="abc:/<>@. ", max_size=40), min_size=1, max_size=6),
)
def test_a_quote_in_any_language_is_removed(own: str, verb: str, clock: str, quote: list[str]) -> None:
    """Date and address make the announcement, not the verb."""
    attribution = f"x 3 y 2026 {clock} Anna <anna@hey.example> {verb}".rstrip() + ":"
    quoted = "\n".join(f"> {line}" for line in quote)
    assert strip_reply(f"{own}\n\n{attribution}\n{quoted}") == own.strip()


@pytest.mark.parametrize(
    "bomb",
    [
        "On ",
        "On a,\n",
        "\n",
        "> ",
        ">\n",
        "> a:\n",
        "a:\n\n",
        "From: a@b\n",
        "-",
        "-- \n",
        "a@",
        "<a@b>:\n",
        "1 2 3 4:\n>\n",
        " ",
        "wrote:\n> x\n",
    ],
)
def test_time_grows_with_length_only(bomb: str) -> None:
    """The shapes on which other reply strippers are quadratic or cubic: CPU time at most triples per doubling."""
    times = []
    for size in (20_000, 40_000, 80_000):
        text = bomb * (size // len(bomb))
        times.append(min(_seconds(text) for _ in range(3)))
    assert times[2] < max(9 * times[0], 0.05), times


def _seconds(text: str) -> float:
    start = time.process_time()
    split_signature(strip_reply(text))
    return time.process_time() - start


SIGNED = [
    ("-- \nJasper Pike\nDunmore Ltd.", "-- \nJasper Pike\nDunmore Ltd."),
    ("--\nJasper Pike\nTel. +44 20 7946 0853", "--\nJasper Pike\nTel. +44 20 7946 0853"),
    ("____________\nJasper Pike | CEO\nDunmore Ltd | +1 555 0100", None),
    ("Best regards,\nJasper Pike", "Best regards,\nJasper Pike"),
    ("Kind regards, Jasper", "Kind regards, Jasper"),
    ("С уважением,\nПорфирий Кологривов\nтел. +7 900 555-01-47\nООО «Кузня»", None),
    ("З повагою,\nМотря", None),
    ("Mit freundlichen Grüßen\n\nRoswitha Böhme\nBöhme & Söhne OHG", None),
    ("Cordialement,\nSolène Cœurjoly", None),
    ("Un saludo,\nBelén", None),
    ("با احترام\nسیاوش نیک‌اندیش‌پور", None),
    ("مع التحية\nليلى", None),
    ("よろしくお願いいたします。\n白瀬つむぎ", None),
    ("सादर\nचंद्रशेखर", None),
    ("Saygılarımla,\nAyşe Çaycı", None),
    ("Atenciosamente,\nJoão Chá", None),
    ("Cordiali saluti\nGiulia Tè", None),
    ("Pozdrawiam\nBożena Czajnik\nNapar Sp. z o.o.", None),
    ("Sent from my iPhone", None),
    ("Отправлено с iPhone", None),
    ("Отправлено из мобильной Почты Mail", None),
    ("Надіслано з iPhone", None),
    ("Von meinem iPhone gesendet", None),
    ("Envoyé de mon iPhone", None),
    ("Enviado desde mi iPhone", None),
    ("iPhoneから送信", None),
    ("发自我的iPhone", None),
    ("ارسال شده از آیفون", None),
    ("मेरे iPhone से भेजा गया", None),
    ("Get Outlook for Android", None),
    ("Thank you,\n\nAda Wren | Buyer | Wren Ltd | +44 20 7946 0123", None),
    ("Thanks!\nJasper\n\nSent from Yahoo Mail on Android", "Thanks!\nJasper\nSent from Yahoo Mail on Android"),
]


@pytest.mark.parametrize(("signature", "expected"), SIGNED)
def test_a_signature_is_split_off(signature: str, expected: str | None) -> None:
    """Dashes, closings with a name, and the advertisement of a phone."""
    body, signed = split_signature(f"Forty, please. And when?\n\n{signature}\n")
    assert (body, signed) == ("Forty, please. And when?", expected or signature)


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n\nThanks!\nWhat would it cost?",
        "Hello\n\nСпасибо\nЖду ответа",
        "Option A: 5 kg\n--\nOption B: 10 kg",
        "Option A\n-------\nOption B",
        "Option A\n—\nOption B: what is its price?",
        "Hello\n\nThank you",
        "Best regards,\nJasper",
        "Please order\n\nregards the second box,\nit was broken",
        "С уважением отношусь к вашей лавке,\nно чай был сырой",
        "I sent it from my iPhone, why did the mail not arrive?",
        "Tea\n\nBest regards,\nJasper\n\nP.S. Please call after 18:00, the bell is broken.",
    ],
)
def test_words_that_look_like_a_signature_are_kept(text: str) -> None:
    """A closing without a name, a sentence or a postscript after it: the writer's words."""
    assert split_signature(text) == (text, "")


def _html_mail(html: str, text: str = "") -> Mail:
    head = "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
    plain = f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n" if text else ""
    return Mail.from_bytes(f"{head}{plain}--b\nContent-Type: text/html; charset=utf-8\n\n{html}\n--b--\n".encode())


@pytest.mark.parametrize(
    "html",
    [
        '<p>Forty.</p><div class="gmail_quote"><div class="gmail_attr">On 3 Nov 11:48 &lt;a@b.example&gt; wrote:</div>'
        "<blockquote>How many?</blockquote></div>",
        '<p>Forty.</p><div class="moz-cite-prefix">On 03/11/2026 11:48, Shop wrote:</div>'
        '<blockquote type="cite">How many?</blockquote>',
        '<p>Forty.</p><hr><div id="divRplyFwdMsg"><b>From:</b> Shop<br><b>Sent:</b> Tue</div><div>How many?</div>',
        '<p>Forty.</p><div id="appendonsend"></div><hr><div><b>Von:</b> Shop</div><p>How many?</p>',
        '<p>Forty.</p><div class="yahoo_quoted">On Tuesday, Shop wrote:<div>How many?</div></div>',
        '<p>Forty.</p><p>03.11.2026, 11:48, "Shop" &lt;a@b.example&gt;:</p><blockquote>How many?</blockquote>',
        "<p>Forty.</p><blockquote>Вторник, 3 ноября 2026, 11:48 от Shop &lt;a@b.example&gt;:<br>How many?</blockquote>",
    ],
)
def test_the_marks_of_mail_programs_in_html_are_known(html: str) -> None:
    """Gmail, Thunderbird, Outlook, Yahoo, Yandex, Mail.ru; also where the text part shows no mark."""
    assert answer(_html_mail(html)) == "Forty."
    assert answer(_html_mail(html, text="Forty.\nHow many?")) == "Forty."


def test_what_is_forwarded_stays() -> None:
    """It is news to us: a customer's chief may have written what he wants."""
    text = "See below, please.\n\n---------- Forwarded message ---------\nFrom: A <a@b.example>\nSubject: x\n\n40 boxes"
    assert strip_reply(text) == text
    outlook = "See below.\n\nFrom: A <a@b.example>\nSent: Tue\nTo: c\nSubject: x\n\n40 boxes"
    assert answer(Mail.from_bytes(f"Subject: FW: x\n\n{outlook}".encode())) == outlook
    assert answer(Mail.from_bytes(f"Subject: RE: x\n\n{outlook}".encode())) == "See below."


def test_a_blockquote_of_the_writer_stays() -> None:
    """Nobody announces it."""
    html = "<p>Your page says:</p><blockquote>Never stir the pot</blockquote><p>Is that so?</p>"
    assert "Never stir the pot" in answer(_html_mail(html))
    assert reply_html("<p>Hello</p>") is None


def test_thanks_before_a_sentence_is_no_closing() -> None:
    """`Thanks, …` opens many answers; the closing is the one over the name."""
    body = "Thanks, please send us the second one.\n\n"
    signature = "Kind regards\n\nOdo Finch\nFinch Ltd\nT: +44 1632 960888"
    assert split_signature(body + signature) == (body.strip(), signature)


@pytest.mark.parametrize("line", ["Télécharger Outlook pour iOS<https://aka.ms/x>", "Scarica Outlook per Android"])
def test_advertisement_of_the_app_is_signature(line: str) -> None:
    assert split_signature(f"Bonjour, un devis ?\n\n{line}") == ("Bonjour, un devis ?", line)

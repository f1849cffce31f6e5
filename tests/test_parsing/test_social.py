"""Sentences of social notifications: who did what to what, and how many they were."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import Action, Interest
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Ignored
from interest_ingest.parsing.deeds import people, read_sentence
from interest_ingest.parsing.passages import lines_of
from interest_ingest.parsing.social import Network, deed_of, interests, named, quoted, written


@pytest.mark.parametrize(
    ("sentence", "action", "author", "count", "kind"),
    [
        ("Anna Petrova commented on your post.", "comment", "Anna Petrova", 1, "post"),
        ("Anna Petrova also commented on Tea House's photo.", "comment", "Anna Petrova", 1, "photo"),
        ("Mark O'Hare replied to your comment on Tea House's post.", "reply", "Mark O'Hare", 1, "comment"),
        ("Anna, Boris and 3 others reacted to your post", "reaction", "Anna", 5, "post"),
        ("Anna Petrova and 12 others like your photo.", "like", "Anna Petrova", 13, "photo"),
        ("Anna liked your Page Tea House", "like", "Anna", 1, "page"),
        ("Anna mentioned you in a comment.", "mention", "Anna", 1, "comment"),
        ("Anna tagged you in a post", "mention", "Anna", 1, "post"),
        ("Anna shared your post.", "share", "Anna", 1, "post"),
        ("Anna sent you a message.", "message", "Anna", 1, "message"),
        ("New message from Anna Petrova", "message", "Anna Petrova", 1, "message"),
        ("Anna doesn't recommend Tea House", "review", "Anna", 1, None),
        ("Anna posted in Tea lovers", "other", "Anna", 1, "post"),
        ("Анна прокомментировала вашу публикацию.", "comment", "Анна", 1, "post"),
        ("Иван прокомментировал вашу фотографию.", "comment", "Иван", 1, "photo"),
        ("Посмотрите комментарий Анна Петрова в группе Чай", "comment", "Анна Петрова", 1, "post"),
        ("Анна ответила на ваш комментарий", "reply", "Анна", 1, "comment"),
        ("Анна упомянула вас в комментарии", "mention", "Анна", 1, "comment"),
        ("Пользователю Иван Петров понравилась ваша запись", "like", "Иван Петров", 1, "post"),
        ("Ольга и ещё 2 человека оценили вашу запись", "like", "Ольга", 3, "post"),
        ("Иван и ещё 1 204 человека поделились вашей публикацией", "share", "Иван", 1205, "post"),
        ("Анна написала вам сообщение", "message", "Анна", 1, "message"),
        ("Анна не рекомендует Чайную лавку", "review", "Анна", 1, None),
        ("📷 Иван добавил новое фото", "other", "Иван", 1, "photo"),
        ("Дмитрий оставил запись на стене сообщества", "other", "Дмитрий", 1, "post"),
        ("Анна подписалась на вашу страницу", "follow", "Анна", 1, "page"),
        ("Anna Petrova mentioned Tea House in a comment.", "mention", "Anna Petrova", 1, "comment"),
        ("Reminder: Anna commented on your post", "comment", "Anna", 1, "post"),
        ("Anna just messaged you", "message", "Anna", 1, "message"),
        ("Direct message from Anna", "message", "Anna", 1, "message"),
        ("New comment from Anna on your video", "comment", "Anna", 1, "video"),
        ("Новый ответ от Анна к вашему комментарию", "reply", "Анна", 1, "comment"),
        ("@anna reposted one of your posts", "share", "@anna", 1, "post"),
        ("Anna (@anna) replied to one of your Tweets!", "reply", "Anna", 1, "post"),
        ("Anna shared a link", "other", "Anna", 1, "link"),
        ("Анна поделилась ссылкой", "other", "Анна", 1, "link"),
        ("Анна сделала вам подарок", "other", "Анна", 1, "gift"),
        ("Anna congratulated you on your work anniversary!", "other", "Anna", 1, "congratulation"),
        ("Иван прокомментировал(а) вашу фотографию", "comment", "Иван", 1, "photo"),
        ("Иван поставил(а) класс вашей заметке", "like", "Иван", 1, "post"),
        ("Anna requested to join Tea lovers", "follow", "Anna", 1, None),
        ("Anna Ost hat deinen Beitrag kommentiert.", "comment", "Anna Ost", 1, "post"),
        ("Anna Ost und 3 weitere Personen haben auf dein Foto reagiert.", "reaction", "Anna Ost", 4, "photo"),
        ("Anna Ost hat dich in einem Kommentar erwähnt", "mention", "Anna Ost", 1, "comment"),
        ("A Anna Ost y 4 personas más les gusta tu foto", "like", "Anna Ost", 5, "photo"),
        ("Anna Ost respondió a tu comentario.", "reply", "Anna Ost", 1, "comment"),
        ("Anna Ost a commenté votre publication.", "comment", "Anna Ost", 1, "post"),
        ("Anna Ost vous a envoyé un message", "message", "Anna Ost", 1, "message"),
        ("Anna Ost ha condiviso un link", "other", "Anna Ost", 1, "link"),
        ("Anna Ost ha condiviso il tuo post", "share", "Anna Ost", 1, "post"),
        ("Anna Ost começou a seguir você", "follow", "Anna Ost", 1, None),
        ("u/anna sent you a chat request", "message", "u/anna", 1, "message"),
        ("Анна написала в сообщество «Чай»", "message", "Анна", 1, "message"),
        ("Anna mentioned your Page in a comment", "mention", "Anna", 1, "comment"),
        ("Анна отметила вашу страницу в публикации", "mention", "Анна", 1, "post"),
        ("Пользователь Анна Ива оставил комментарий", "comment", "Анна Ива", 1, None),
    ],
)
def test_a_sentence_tells_who_did_what(sentence: str, action: str, author: str, count: int, kind: str | None) -> None:
    """English and Russian, in every gender."""
    deed = read_sentence([sentence])
    assert deed is not None
    assert (deed.action.value, deed.author, deed.count, deed.kind) == (action, author, count, kind)


@pytest.mark.parametrize(
    "line",
    [
        "Hi Hester,",
        "View on Facebook",
        "У вас 3 новых рекомендации Страниц",
        "Здравствуйте, Марфа!",
        "Did you just log in?",
        "x" * 400,
        "I liked your tea",
        "You commented on Anna's post",
        "Мне понравился ваш чай",
        "Das hat mir gut gefallen",
        "Me gusta tu té",
        "Personen, die du vielleicht kennst",
    ],
)
def test_other_lines_tell_nothing(line: str) -> None:
    """Greetings, buttons and digests are no deeds."""
    assert read_sentence([line]) is None


def test_the_group_is_the_account() -> None:
    """Where it happened, if the sentence names it and not only `your post`."""
    deed = read_sentence(["Посмотрите комментарий Анна в группе Чай и чайники"])
    assert deed is not None
    assert deed.place == "Чай и чайники"


def test_quoted_words_keep_their_inner_quotes() -> None:
    """From the first opening quote to the last closing one of its kind."""
    assert quoted('Anna wrote:\n\n"He said "no", twice."\n\nThanks') == 'He said "no", twice.'
    assert quoted("Анна:\n«Набор «Утро» есть?»") == "Набор «Утро» есть?"
    assert quoted("no quotes here") == ""
    assert quoted('in the "middle" of a line') == ""


def test_people_are_counted() -> None:
    """The first is named, the others count."""
    assert people("Anna") == ("Anna", 1)
    assert people("Anna and Boris") == ("Anna", 2)
    assert people("Anna, Boris and one other") == ("Anna", 3)
    assert people("") == ("", 1)


@pytest.mark.parametrize(
    ("sentence", "ours"),
    [
        ("Anna commented on your post", True),
        ("Anna commented on Boris's post", False),
        ('Anna shared "Why you need tea"', False),
        ("Anna Tweeted: you should see this", False),
        ("New message from Anna", True),
        ("Анна оценила вашу запись", True),
        ("Анна оценила запись Бориса", False),
        ("Анна опубликовала «Ваш чай»", False),
    ],
)
def test_a_sentence_speaks_to_us_or_of_others(sentence: str, ours: bool) -> None:
    """Only outside of titles, which say “you” to anybody."""
    deed = read_sentence([sentence])
    assert deed is not None
    assert deed.ours is ours


def test_abroad_too_a_thing_is_ours_or_somebody_elses() -> None:
    """A verb without a thing tells neither."""
    lines = ("Anna a commenté votre photo", "Anna a commenté la photo de Boris", "Anna hat dir geantwortet")
    deeds = [read_sentence([line]) for line in lines]
    assert [deed and (deed.ours, deed.theirs) for deed in deeds] == [(True, False), (False, True), (True, False)]


def test_user_names_are_read_off() -> None:
    """In round brackets behind the name, or in its place."""
    told = [
        read_sentence([line])
        for line in ("Anna (@anna_t) liked your post", "u/anna-t replied to your post", "Anna liked your post")
    ]
    assert [deed and (deed.author, deed.handle) for deed in told] == [
        ("Anna", "anna_t"),
        ("u/anna-t", "anna-t"),
        ("Anna", None),
    ]


NET = Network(
    ("net.example",),
    re.compile(r"pics\.net\.example"),
    named((r"/p/(\d+)/c/(\d+)", "post {} comment {}"), (r"/p/(\d+)", "post {}")),
)


def page(*lines: str, subject: str = "You have 3 new notifications", text: str = "") -> Mail:
    """A mail of the invented network, whose page has these blocks; with `text` also a text part."""
    body = "".join(f"<div>{line}</div>" for line in lines)
    html = f"Content-Type: text/html; charset=utf-8\n\n<html><body>{body}</body></html>\n"
    head = f"From: Net <mail@net.example>\nTo: desk@shop.example\nSubject: {subject}\n"
    if not text:
        return Mail.from_bytes(f"{head}{html}".encode())
    plain = f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    return Mail.from_bytes(
        f"{head}Content-Type: multipart/alternative; boundary=b\n\n--b\n{plain}\n--b\n{html}\n--b--\n".encode()
    )


def link(path: str, words: str) -> str:
    return f'<a href="https://net.example/{path}">{words}</a>'


def entry(slug: str, name: str, rest: str, words: str, path: str) -> tuple[str, ...]:
    face = f'<img src="https://pics.net.example/{slug}.jpg" width="50" height="50">'
    return (link(slug, face), f"{link(slug, name)} {rest}", words, link(path, "See it"))


def test_a_page_becomes_lines_with_their_links_and_pictures() -> None:
    """A picture knows the link around it; what is hidden is not there."""
    mail = page(*entry("anna", "Anna", "liked your post", "", "p/1"), '<span style="display:none">secret</span>')
    lines = [line for line in lines_of(mail) if line.text or line.pictures]
    assert [line.text for line in lines] == ["", "Anna liked your post", "See it"]
    assert [(one.image.src, one.href) for one in lines[0].pictures] == [
        ("https://pics.net.example/anna.jpg", "https://net.example/anna")
    ]
    assert [anchor.text for anchor in lines[1].anchors] == ["Anna"]


def test_buttons_below_the_words_are_not_among_them() -> None:
    """A link within the words is; a line of nothing but names, tags or addresses is no button."""
    sentence = f"{link('anna', 'Anna')} commented on your post"
    words = ("How much?", f"{link('shop', '@shop')}", "Ask me")
    (found,) = interests(page(sentence, *words, link("p/1/c/11", "Reply"), "Net Inc.", subject="Anna commented"), NET)
    assert found.text == "How much?\n@shop\nAsk me"


def test_a_type_key_tells_what_no_row_does() -> None:
    """Of one person whom the subject names or whose portrait is linked; of two, or where news come too, nothing."""
    ours = replace(NET, news=frozenset())
    anna = entry("anna", "Anna", "heeft je bericht gedeeld", "", "p/1")
    (found,) = interests(page(*anna, subject="Neues"), ours, "post_share")
    assert (found.action, found.author.name, found.source_url) == (Action.SHARE, "Anna", "https://net.example/p/1")
    both = page(*anna, *entry("bo", "Boris", "auch", "", "p/2"), subject="Neues")
    for mail, network, key in ((both, ours, "share"), (page(*anna, subject="Neues"), NET, "share")):
        with pytest.raises(Changed):
            list(interests(mail, network, key))


def test_the_entries_of_a_digest_are_interests_of_their_own() -> None:
    """Each with its own author, portrait, words and link; what others did elsewhere is left out."""
    found = list(
        interests(
            page(
                *entry("anna", "Anna", "commented on your post", "“How much?”", "p/1/c/11"),
                *entry("boris", "Boris", "commented on Cara's post", "Nice", "p/2/c/21"),
                *entry("dora", "Dora", "mentioned you in a comment", "See this", "p/3/c/31"),
            ),
            NET,
        )
    )
    assert [(one.author.name, one.text, one.event_key) for one in found] == [
        ("Anna", "How much?", "post 1 comment 11"),
        ("Dora", "See this", "post 3 comment 31"),
    ]
    assert [one.author.photo_url for one in found] == [
        f"https://pics.net.example/{name}.jpg" for name in ("anna", "dora")
    ]


@pytest.mark.parametrize(
    "mail",
    [
        page(*entry("boris", "Boris", "liked Cara's post", "", "p/2"), subject="What you missed"),
        page("Anna liked your tea", link("boris", "Boris"), link("p/1", "See"), subject="Your highlights"),
        page(*entry("boris", "Boris", "liked Cara's post", "", "p/2"), subject="Boris liked Cara's post"),
        page(link("boris", "Boris"), link("p/2/c/9", "See"), subject="Boris commented on Cara's post"),
        page(link("boris", "Boris"), subject="Boris wants to be friends"),
        page("x", subject="New login from Malta"),
        page("x", subject="Код для входа"),
    ],
    ids=["news digest", "highlights", "news", "another's post", "friend request", "login", "code"],
)
def test_noise_is_ignored(mail: Mail) -> None:
    """With a reason, and no interest."""
    with pytest.raises(Ignored):
        list(interests(mail, NET))


def test_a_followers_own_page_is_the_place() -> None:
    """Not what the mail shows of him: what he wrote last is no answer to us."""
    mail = page(link("anna", "Anna"), link("p/5", "Her last post"), subject="Anna started following you")
    [one] = interests(mail, NET)
    assert (one.source_url, one.event_key) == ("https://net.example/anna", None)


def test_an_entry_without_words_has_none() -> None:
    """What stands below its button belongs to others: the footer, the next entry."""
    mail = page(
        *entry("anna", "Anna", "commented on your post", "", "p/1/c/11"),
        *entry("boris", "Boris", "commented on your post", "", "p/1/c/12"),
        "You receive this mail because you have a page.",
    )
    assert [one.text for one in interests(mail, NET)] == ["", ""]


@pytest.mark.parametrize(("linked", "found"), [("Анна Полевая", True), ("Анна Полесская", False), ("Анна", False)])
def test_only_endings_may_differ(linked: str, found: bool) -> None:
    """Another person whose name begins alike is not the author."""
    mail = page(link("anna", linked), link("p/1", "Ответить"), subject="Новое сообщение от Анны Полевой")
    [one] = interests(mail, NET)
    assert (one.author.profile_url is not None) is found


def test_what_is_not_told_is_changed() -> None:
    """A sentence of somebody's words is none of the network's: its author is no link."""
    with pytest.raises(Changed):
        list(interests(page("Anna liked your tea", link("boris", "Boris"), subject="Boris hat etwas getan"), NET))


def test_a_comment_in_another_language_is_told_by_its_link() -> None:
    """If the subject names somebody who is linked."""
    mail = page(
        *entry("ulrike", "Ulrike S", "hat kommentiert", "“Wie viel?”", "p/1/c/11"),
        subject="Ulrike S hat deinen Beitrag kommentiert",
    )
    [one] = interests(mail, NET)
    assert (one.action, one.author.name, one.text, one.event_key) == (
        Action.COMMENT,
        "Ulrike S",
        "Wie viel?",
        "post 1 comment 11",
    )


def test_the_name_in_the_subject_may_be_bent() -> None:
    """The link gives it as it is; another person's link does not."""
    mail = page(
        f"Анна Полевая{'&nbsp;'}написала: ",
        link("anna", "Анна Полевая"),
        link("p/1", "Ответить"),
        subject="Новое сообщение от Анны Полевой",
    )
    [one] = interests(mail, NET)
    assert (one.author.name, one.author.profile_url) == ("Анна Полевая", "https://net.example/anna")


def test_the_subject_that_quotes_the_words_is_not_part_of_them() -> None:
    """Long ones are cut there."""
    subject = 'Anna replied to your comment: "How much is…'
    assert (
        written(
            page("x", subject=subject, text=f'{subject}\n\n"How much is the "Utro" set?"\n\nhttps://net.example/p/1')
        )
        == 'How much is the "Utro" set?'
    )


def test_a_sentence_below_the_quoted_words_is_theirs() -> None:
    """Of a text mail in a language that has no row."""
    mail = Mail.from_bytes(
        b'From: a@net.example\nSubject: Nieuw\n\nUlrike heeft gereageerd\n\n"Super\nBoris liked your post"\n'
    )
    assert deed_of(mail) is None


NAMES = st.sampled_from(("Anna Petrova", "Борис Лесной", "Zoë", "Mark O'Hare", "李 明", "Анна-Мария фон дер Тее"))
WORDS = (
    st.text(st.characters(categories=("Ll", "Lu", "Lo", "Nd", "Po", "So", "Zs")), min_size=1, max_size=30)
    .map(lambda words: " ".join(unicodedata.normalize("NFC", words).split()))
    .filter(lambda words: re.search(r"\w", words) and not re.search(r"[<>&\"“”«»„©]|://", words))
)
DEEDS = st.sampled_from(
    (
        "commented on your post",
        "прокомментировал(а) вашу запись",
        "mentioned you in a comment",
        "ответила на ваш комментарий",
    )
)


@given(st.lists(st.tuples(NAMES, DEEDS, WORDS), min_size=2, max_size=6))
def test_every_entry_keeps_what_is_its_own(told: list[tuple[str, str, str]]) -> None:
    """Whoever, in whatever language and order: names, words, portraits and keys are not mixed up."""
    blocks = [entry(f"who{n}", name, rest, f"“{words}”", f"p/7/c/{n}") for n, (name, rest, words) in enumerate(told)]
    found = list(interests(page(*(line for block in blocks for line in block)), NET))
    assert list(map(_told, found)) == [
        (
            name,
            f"https://net.example/who{n}",
            f"https://pics.net.example/who{n}.jpg",
            words.strip(),
            f"post 7 comment {n}",
        )
        for n, (name, _, words) in enumerate(told)
    ]


def _told(one: Interest) -> Iterable[str | None]:
    return one.author.name, one.author.profile_url, one.author.photo_url, one.text, one.event_key

"""Sentences of social notifications: who did what to what, and how many they were."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.deeds import people, read_sentence
from interest_ingest.parsing.social import quoted


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

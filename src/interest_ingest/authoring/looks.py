"""What a word or a line may be by its looks: a name, a number, an id."""

from __future__ import annotations

import re
from typing import Final

from interest_ingest.parsing.reviews import stars_in

_CASELESS: Final = re.compile(r"[\u0590-\u0fff\u3040-\u9fff\uac00-\ud7af]")


def is_name(text: str) -> bool:
    """Whether `text` may be somebody's name."""
    words = text.split()
    if not 0 < len(words) < 5 or len(text) > 60 or re.search(r"[\d@:：。！？、★☆⭐/!?#*_=<>]", text):
        return False
    if _CASELESS.search(text):
        return True
    return words[0][0].isupper() and all(word[0].isupper() or len(word) < 4 for word in words)


def is_full_name(text: str) -> bool:
    """Whether it is a name of two words or more, so that a single word of a form is none."""
    return is_name(text) and len(text.split()) > 1


def is_nickname(text: str) -> bool:
    """One word with a letter in it, as people call themselves in networks."""
    return is_name(text) or re.fullmatch(r"@?(?=[\d_.-]*[^\W\d_])[\w.-]{2,30}", text) is not None


def is_number(text: str) -> bool:
    """Whether `text` is a telephone number, or another long one."""
    return re.fullmatch(r"\+?[\d ()./-]{5,30}", text) is not None and sum(map(str.isdigit, text)) > 4


def is_id(word: str) -> bool:
    """Whether a word of letters and figures names one event: `4711`, `TB48213`, `8c1e2f`, but not `top10` or `v2`."""
    if word.isdigit():
        return True
    if not re.fullmatch(r"(?=[\w-]*\d)(?=[\d_-]*[^\W\d_])[\w-]+", word) or word.count("-") > 4:
        return False
    turns = len(re.findall(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)", word))
    return len(word) > 7 or (len(word) > 4 and (turns > 1 or re.search(r"\d{3}", word) is not None))


def is_value(text: str) -> bool:
    """Whether it is what other fields tell: a number, an address, an id, a rating."""
    return "@" in text or is_number(text) or (" " not in text and is_id(text)) or stars_in(text) is not None

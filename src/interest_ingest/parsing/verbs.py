"""The sentences of social notifications in German, Spanish, French, Italian and Portuguese: rows for `deeds`.

No real mail in these languages is known but for one Italian text: the rows are verbs, not layouts. What they do not
tell is told by a link or a type key, or quarantined.
"""

from __future__ import annotations

import re
from typing import Final

from interest_ingest.cards import Action

VERBS: Final[tuple[tuple[Action, str], ...]] = (
    (
        Action.MENTION,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\b(?:erwähnt|markiert)\b)|te (?:ha )?(?:mencion|etiquet)\w+|mencion(?:ó|ou)|"
        r"(?:vous |t['’])?a (?:mentionné|identifié)|(?:ti )?ha (?:menzionato|taggato)|marcou você",
    ),
    (
        Action.REVIEW,
        r"empfiehlt|recomienda|recommande|consiglia|recomenda|(?:hat|haben)\b(?=[^\"“„:]{0,80}\bbewertet\b)",
    ),
    (
        Action.MESSAGE,
        r"(?:hat|haben) (?:dir|ihnen|deiner seite)\b(?=[^\"“„:]{0,40}\bnachricht)|te (?:ha )?envi(?:ó|ado) un mensaje|"
        r"(?:vous |t['’])a envoyé un message|ti ha inviato un messaggio|(?:te |lhe )?enviou uma mensagem",
    ),
    (
        Action.REPLY,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\bgeantwortet\b)|(?:respondió|ha respondido) a\b|a (?:aussi )?répondu à|"
        r"ha risposto a|respondeu (?:a|à|ao)\b",
    ),
    (
        Action.COMMENT,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\bkommentiert\b)|(?:también )?(?:comentó|ha comentado)|"
        r"a (?:également |aussi )?commenté|ha commentato|(?:também )?comentou",
    ),
    (
        Action.REACTION,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\breagiert\b)|reaccion(?:ó|aron)|a réagi|ont réagi|ha reagito|hanno reagito|"
        r"reagi(?:u|ram) ",
    ),
    (Action.LIKE, r"gefällt|gefallen|les? gustan?|aime(?:nt)?|a aimé|piac(?:e|ciono)|curti(?:u|ram)"),
    (
        Action.SHARE,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\bgeteilt\b)|compart(?:ió|ieron)|a partagé|ha condiviso|"
        r"compartilh(?:ou|aram)",
    ),
    (
        Action.FOLLOW,
        r"folgt (?:dir|ihnen|deiner)|(?:comenzó|empezó|ha empezado) a seguir|a commencé à vous suivre|vous suit|"
        r"ha iniziato a seguir|começou a seguir",
    ),
    (
        Action.REQUEST,
        r"(?:möchte|will) mit dir\b|(?:hat|haben)\b(?=[^\"“„:]{0,80}\b(?:freundschaftsanfrage|eingeladen|angenommen|"
        r"bestätigt)\b)|quiere ser tu amig|(?:aceptó|ha aceptado) tu|te (?:ha )?invit|souhaite devenir|"
        r"a accepté votre|vous a invité|ha accettato|ti ha invitato|quer ser seu amigo|aceitou s|convidou você",
    ),
    (
        Action.OTHER,
        r"(?:hat|haben)\b(?=[^\"“„:]{0,80}\b(?:gepostet|veröffentlicht|hinzugefügt|hochgeladen)\b)|"
        r"publicó|ha publicado|agregó|añadió|a publié|a ajouté|ha pubblicato|ha aggiunto|publicou|adicionou",
    ),
)
"""What stands behind the names; the German participle ends the sentence, so it is looked for ahead."""

US: Final = re.compile(
    r"(?i)\b(?:dein\w{0,2}|dich|dir|euch|eur\w{1,3}|ihnen|tus?|te|ti|votre|vos|vous|ton|ta|tes|t['’]a|tuoi?|tu[ae]|"
    r"seguirt[ei]|teu|seus?|suas?|você|vocês)\b"
)

PUBLISHED: Final = re.compile(r"(?i) (?:ein\w{0,2}|un[ea']?|um[a]?|\d+)\b")
"""“ha condiviso un link”: somebody's own post."""

KINDS: Final = (
    ("comment", "komment|coment|commentaire|commento"),
    ("photo", "foto|photo|immagine"),
    ("video", "video|vidéo|vídeo"),
    ("story", "story|storia|historia"),
    ("link", r"\blink|enlace|\blien|collegamento"),
    ("post", r"beitrag|publicaci|publication|pubblicazion|publica[çc]|\bpost\b"),
    ("page", r"seite|página|pagina|\bpage"),
    ("group", "gruppe|grupo|groupe|gruppo"),
)

OTHERS: Final = re.compile(
    r"(?i)(?:,| und| y| et| ed?)\s+(?:otras |outras |altre |altri )?(?P<number>\d[\d.]{0,8})\s\S.{0,100}$"
)
"""“und 3 weitere Personen”, “e altre 3 persone”."""

JOINED: Final = re.compile(r"(?i),\s+|\s+(?:und|y|et|ed?)\s+")
TO: Final = re.compile(r"(?i)^(?:ad?|à) (?=\S)")
"""“A Anna le gusta…”, “A Anna piace…”."""

NOBODY: Final = re.compile(
    r"(?i)(?:das|es|ich|wir|du|er|sie|mir|uns|yo|nos|mi|me|él|ella|esto|eso|je|j['’]\S+|nous|il|elle|on|cela|ça|io|noi|"
    r"lui|lei|questo|eu|nós|ele|ela|isso|qui|que|wer|was|chi|quem)(?!\S)"
)
"""No names: people write “Das hat mir gefallen”."""

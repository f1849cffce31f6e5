"""T-17: forged proof is never believed, true proof always, in the shapes in which real servers write it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interest_ingest.cards import Outcome, Reading, Trust
from interest_ingest.ingest.authentication import Authentication, authenticate
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from tests.torture import report

MX = "mx.ladle.example"
GOOD = "dkim=pass header.d=facebookmail.com"
FROM = "From: Facebook <notification@facebookmail.com>"

FIXTURE = (Path(__file__).parents[1] / "fixtures" / "facebook" / "en-comment.eml").read_bytes().replace(b"\r\n", b"\n")
# What Facebook wrote itself: without the fields of its way, and without From.
NOTIFICATION = re.sub(rb"(?ms)\A.*?(?=^Date:)|^From:[^\n]*\n", b"", FIXTURE, count=2)


def received(sender: str, by: str = MX) -> str:
    way = f"from {sender} ({sender} [192.0.2.9])\n\tby {by} (Postfix) with ESMTPS id 4F21"
    return f"Received: {way}; Sat, 21 Nov 2026 17:15:04 +0000"


OURS = received("66-220-155-1.mail-mail.facebook.com")
THEIRS = received("foul.example")


def results(value: str) -> str:
    return f"Authentication-Results: {value}"


def mail(*fields: str, author: str = FROM) -> bytes:
    """A comment's notification with these fields above its own."""
    head = "".join(f"{field}\n" for field in (*fields, author))
    return (head.encode() + NOTIFICATION).replace(b"\n", b"\r\n")


def reading(raw: bytes, ids: str | tuple[str, ...] = MX) -> Reading:
    return read(raw, Rules(), authentication=authenticate(raw, ids))


# Below THEIRS everything is the sender's, above it is what our own server wrote.
FORGED: dict[str, bytes] = {
    "another server": mail(THEIRS, results(f"foul.example; {GOOD}")),
    "another server, on top": mail(results(f"foul.example; {GOOD}"), THEIRS),
    "our name with a suffix": mail(THEIRS, results(f"{MX}.foul.example; {GOOD}")),
    "our name with a prefix": mail(THEIRS, results(f"foul{MX}; {GOOD}")),
    "our name in a comment": mail(THEIRS, results(f"foul.example ({MX}); {GOOD}")),
    "our name in quotes with a suffix": mail(THEIRS, results(f'"{MX}.foul.example"; {GOOD}')),
    "our name in quotes with a blank": mail(THEIRS, results(f'"{MX} foul"; {GOOD}')),
    "our name and another": mail(THEIRS, results(f"{MX} foul.example; {GOOD}")),
    "our name in the second place": mail(THEIRS, results(f"foul.example; {MX}; {GOOD}")),
    "our name, folded": mail(THEIRS, results(f"foul.example;\n\t{MX};\n\t{GOOD}")),
    "capitals": mail(THEIRS, "AUTHENTICATION-RESULTS: FOUL.EXAMPLE; DKIM=PASS HEADER.D=FACEBOOKMAIL.COM"),
    "below our word that there is none": mail(THEIRS, results(f"{MX}; dkim=none"), results(f"{MX}; {GOOD}")),
    "below our word that it is bad": mail(
        THEIRS, results(f"{MX}; dkim=fail header.d=facebookmail.com"), results(f"{MX}; {GOOD}")
    ),
    "above all, below our word": mail(results(f"{MX}; dkim=none"), THEIRS, results(f"{MX}; {GOOD}")),
    "below our word on SPF alone": mail(
        THEIRS, results(f"{MX}; spf=pass smtp.mailfrom=foul.example"), results(f"{MX}; {GOOD}")
    ),
    "below our word that DMARC failed": mail(THEIRS, results(f"{MX}; dmarc=fail"), results(f"{MX}; {GOOD}")),
    "below the DMARC of another author": mail(
        THEIRS,
        results(f"{MX}; dmarc=pass header.from=foul.example"),
        results(f"{MX}; {GOOD}"),
        author="From: notification@facebookmail.com <x@foul.example>",
    ),
    "below a server of theirs": mail(THEIRS, received("a.foul.example", "foul.example"), results(f"{MX}; {GOOD}")),
    "below a forged server of ours": mail(
        THEIRS, results(f"{MX}; dkim=none"), received("a.foul.example"), results(f"{MX}; {GOOD}")
    ),
    "below an unnamed server": mail(THEIRS, "Received: by localhost with local", results(f"{MX}; {GOOD}")),
    "in the text": mail(THEIRS, author=f"{FROM}\n\n{results(f'{MX}; {GOOD}')}"),
    "in a field of another name": mail(THEIRS, f"X-Authentication-Results: {MX}; {GOOD}"),
    "in a renamed field": mail(THEIRS, f"Authentication-Results-Original: {MX}; {GOOD}"),
    "in ARC": mail(THEIRS, f"ARC-Authentication-Results: i=1; {MX}; {GOOD}"),
    "in a folded subject": mail(THEIRS, f"X-Note: hello\n {results(f'{MX}; {GOOD}')}"),
    "after a bare CR": mail(THEIRS, f"X-Note: hello\r{results(f'{MX}; {GOOD}')}"),
    "in a comment": mail(results(f"{MX}; dkim=fail (dkim=pass header.d=facebookmail.com)"), THEIRS),
    "in nested comments": mail(results(f"{MX}; dkim=fail ((a) b (c (d))) ({GOOD})"), THEIRS),
    "in a comment that never ends": mail(results(f"{MX}; dkim=fail ((a); {GOOD}"), THEIRS),
    "below 5,000 brackets": mail(THEIRS, results("(" * 5_000 + f"{MX}; {GOOD}")),
    "in a quoted reason": mail(results(f'{MX}; dkim=fail reason="; {GOOD}"'), THEIRS),
    "in a quoted reason with an escape": mail(results(f'{MX}; dkim=fail reason="\\"; {GOOD}"'), THEIRS),
    "after reason=": mail(results(f"{MX}; dkim=pass reason=header.d=facebookmail.com header.d=foul.example"), THEIRS),
    "after reason=, alone": mail(results(f"{MX}; dkim=pass reason=header.d=facebookmail.com"), THEIRS),
    "no server at all": mail(THEIRS, results(f";;; {GOOD}")),
    "no server, as Exchange writes": mail(THEIRS, results(f"{GOOD}; dmarc=pass")),
    "their domain with ours in front": mail(results(f"{MX}; dkim=pass header.d=facebookmail.com.foul.example"), THEIRS),
    "their domain with ours behind": mail(results(f"{MX}; dkim=pass header.d=foulfacebookmail.com"), THEIRS),
    "the whole .com": mail(results(f"{MX}; dkim=pass header.d=com"), THEIRS),
    "no domain": mail(results(f"{MX}; dkim=pass"), THEIRS),
    "an empty domain": mail(results(f"{MX}; dkim=pass header.d= header.i=@foul.example"), THEIRS),
    "a domain after an at": mail(results(f"{MX}; dkim=pass header.d=facebookmail.com@foul.example"), THEIRS),
    "a domain with NUL": mail(results(f"{MX}; dkim=pass header.d=facebookmail.com\0.foul.example"), THEIRS),
    "a Cyrillic letter": mail(results(f"{MX}; dkim=pass header.d=fаcebookmail.com"), THEIRS),
    "a Kelvin sign": mail(results(f"{MX}; dkim=pass header.d=faceboo\u212amail.com"), THEIRS),
    "punycode": mail(results(f"{MX}; dkim=pass header.d=xn--fcebookmail-k7f.com"), THEIRS),
    "ours as the local part": mail(results(f"{MX}; dkim=pass header.i=facebookmail.com@foul.example"), THEIRS),
    "two ats": mail(results(f"{MX}; dkim=pass header.i=@facebookmail.com@foul.example"), THEIRS),
    "ours only as the identity": mail(
        results(f"{MX}; dkim=pass header.d=foul.example header.i=@facebookmail.com"), THEIRS
    ),
    "an identity outside its domain": mail(results(f"{MX}; {GOOD} header.i=@foul.example"), THEIRS),
    "two domains": mail(results(f"{MX}; {GOOD} header.d=foul.example"), THEIRS),
    "a property of another name": mail(
        results(f"{MX}; dkim=pass x-header.d=facebookmail.com header.d=foul.example"), THEIRS
    ),
    "an identity in quotes": mail(
        results(f'{MX}; dkim=pass header.i="header.d=facebookmail.com"@foul.example'), THEIRS
    ),
    "another method": mail(results(f"{MX}; x-dkim=pass header.d=facebookmail.com; dkim=none"), THEIRS),
    "SPF alone": mail(results(f"{MX}; spf=pass smtp.mailfrom=facebookmail.com"), THEIRS),
    "a verdict that begins like pass": mail(results(f"{MX}; dkim=passed header.d=facebookmail.com"), THEIRS),
    "a verdict with a tail": mail(results(f"{MX}; dkim=pass-through header.d=facebookmail.com"), THEIRS),
    "a neutral verdict": mail(results(f"{MX}; dkim=neutral (body changed) header.d=facebookmail.com"), THEIRS),
    "fields that disagree": mail(
        results(f"{MX}; {GOOD}"), results(f"{MX}; dkim=fail header.d=facebookmail.com"), THEIRS
    ),
    "DMARC that failed": mail(results(f"{MX}; {GOOD}; dmarc=fail header.from=foul.example"), THEIRS),
    "two From": mail(results(f"{MX}; {GOOD}"), OURS, author=f"From: x@foul.example\n{FROM}"),
    "two From, the second in old style": mail(results(f"{MX}; {GOOD}"), OURS, author=f"{FROM}\nfrom : x@foul.example"),
    "two authors": mail(results(f"{MX}; {GOOD}"), OURS, author=f"{FROM}, x@foul.example"),
    "two authors in one bracket": mail(
        results(f"{MX}; {GOOD}"), OURS, author="From: <x@foul.example> <notification@facebookmail.com>"
    ),
    "a service as the name": mail(
        results(f"{MX}; dkim=pass header.d=foul.example"), THEIRS, author="From: facebookmail.com <x@foul.example>"
    ),
    "an address as the name": mail(
        results(f"{MX}; dkim=pass header.d=foul.example"),
        THEIRS,
        author='From: "notification@facebookmail.com" <x@foul.example>',
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_no_forgery_is_verified(name: str) -> None:
    """T-17: whatever a sender writes; and a card that failed offers no link to follow."""
    found = reading(FORGED[name])
    assert found.trust is not Trust.VERIFIED
    for card in found.cards:
        assert card.trust is not Trust.VERIFIED
        if card.trust is Trust.FAILED:
            assert (card.source_url, card.reply.url, card.author.profile_url) == (None, None, None)


@pytest.mark.parametrize(
    "field",
    [
        "Subject: Anna sent you a message",
        "content-type: multipart/mixed; boundary=x",
        "X: y\rContent-Type: multipart/mixed; boundary=x",
        "Reply-To: a@foul.example\nReply-To: b@foul.example",
        "Date: Sat, 21 Nov 2026 17:20:00 +0000",
        "Message-ID: <1@foul.example>",
    ],
)
def test_what_was_put_above_a_signed_mail_is_not_proven(field: str) -> None:
    """The signature of a mail that somebody was sent himself still holds: it covers the lowest of two fields."""
    proof = results(f"{MX}; {GOOD}")
    assert reading(mail(proof, OURS)).trust is Trust.VERIFIED
    forged = mail(proof, OURS, field)
    assert authenticate(forged, MX).signed == ("facebookmail.com",)
    assert read(forged, Rules(), authentication=authenticate(forged, MX)).trust is Trust.UNPROVEN


EXCHANGE = received("AM9PR01CA0012.eurprd01.prod.exchangelabs.com", "DB9PR01MB1234.eurprd01.prod.exchangelabs.com")
EXCHANGE_HOP = received("DB5EUR02FT055.eop-EUR02.prod.protection.outlook.com", "AM9PR01CA0012.outlook.office365.com")
EXCHANGE_EDGE = received("66-220-155-1.mail-mail.facebook.com", "DB5EUR02FT055.mail.protection.outlook.com")
OFFICE = (
    "spf=pass (sender IP is 66.220.155.1)\n smtp.mailfrom=facebookmail.com; dkim=pass (signature was verified)\n"
    " header.d=facebookmail.com;dmarc=pass action=none\n header.from=facebookmail.com;compauth=pass reason=100"
)
YANDEX = "mail-nwsmtp-mxfront-production-main-31.vla.yp-c.yandex.net"

IDS: dict[str, str | tuple[str, ...]] = {
    "Gmail": "mx.google.com",
    "Yandex": "*.yandex.net",
    "Mail.ru": "mxs.mail.ru",
    "Microsoft 365": "protection.outlook.com",
    "Microsoft 365, direct": ("protection.outlook.com", MX),
    "iCloud": "bimi.icloud.com",
    "Fastmail": "mx1.messagingengine.com",
    "Mimecast": "relay.mimecast.com",
    "several servers": ("mx0.ladle.example", MX, "mx2.ladle.example"),
}
TRUE: dict[str, bytes] = {
    "Gmail": mail(
        "Delivered-To: owner@ladle.example",
        "Received: by 2002:a05:6358:7e48:b0:1a5 with SMTP id p8csp1;\n        Sat, 21 Nov 2026 09:15:04 -0800 (PST)",
        "ARC-Authentication-Results: i=1; mx.google.com;\n       dkim=pass header.i=@facebookmail.com header.s=s1024",
        "Return-Path: <notification@facebookmail.com>",
        received("66-220-155-1.mail-mail.facebook.com", "mx.google.com"),
        "Received-SPF: pass (google.com: domain of notification@facebookmail.com designates 66.220.155.1)",
        "Authentication-Results: mx.google.com;\n       dkim=pass header.i=@facebookmail.com header.s=s1024-2013-q3 "
        'header.b="aB/c=d";\n       spf=pass (google.com: domain of notification@facebookmail.com designates '
        "66.220.155.1 as permitted sender) smtp.mailfrom=notification@facebookmail.com;\n"
        "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=facebookmail.com",
    ),
    "Yandex": mail(
        received(YANDEX, "mail-nwsmtp-smtp-production-main-1.iva.yp-c.yandex.net"),
        received("66-220-155-1.mail-mail.facebook.com", YANDEX),
        "X-Yandex-Fwd: 1",
        f"Authentication-Results: {YANDEX}; spf=pass ({YANDEX}: domain of facebookmail.com designates 66.220.155.1 as "
        "permitted sender, rule=[ip4:66.220.144.128/25]) smtp.mail=notification@facebookmail.com; "
        "dkim=pass header.i=@facebookmail.com",
    ),
    "Mail.ru": mail(
        received("66-220-155-1.mail-mail.facebook.com", "mx231.mail.ru"),
        "Received-SPF: pass (mx231.mail.ru: domain of facebookmail.com designates 66.220.155.1 as permitted sender)",
        "Authentication-Results: mxs.mail.ru; spf=pass (mx231.mail.ru: domain of facebookmail.com designates "
        "66.220.155.1 as permitted sender) smtp.mailfrom=notification@facebookmail.com smtp.helo=66-220-155-1.mail;\n"
        "\t dkim=pass header.d=facebookmail.com; dmarc=pass header.from=notification@facebookmail.com",
    ),
    "Microsoft 365": mail(
        EXCHANGE, EXCHANGE_HOP, results(OFFICE), "Received-SPF: Pass (protection.outlook.com: ok)", EXCHANGE_EDGE
    ),
    "Microsoft 365, direct": mail(results(OFFICE), EXCHANGE_EDGE),
    "rspamd": mail(
        OURS,
        f"Authentication-Results: {MX};\n\tdkim=pass header.d=facebookmail.com header.s=s1024-2013-q3 header.b=aBcD;\n"
        f"\tspf=pass ({MX}: domain of notification@facebookmail.com designates 66.220.155.1 as permitted sender) "
        "smtp.mailfrom=notification@facebookmail.com;\n\tdmarc=pass (policy=reject) header.from=facebookmail.com",
    ),
    "rspamd behind Dovecot's LMTP": mail(
        received(MX, "imap.ladle.example"), OURS, f"Authentication-Results: {MX};\n\t{GOOD} header.s=s1 header.b=aBcD"
    ),
    "OpenDKIM": mail(
        OURS,
        f"Authentication-Results: {MX};\n\tdkim=pass (1024-bit key; unprotected) header.d=facebookmail.com "
        'header.i=@facebookmail.com header.a=rsa-sha256 header.s=s1024-2013-q3 header.b="aBcD";\n\tdkim-atps=neutral',
    ),
    "OpenDMARC above OpenDKIM": mail(
        OURS,
        results(f"{MX}; dmarc=pass (p=reject dis=none) header.from=facebookmail.com"),
        results(f"{MX};\n\tdkim=pass (1024-bit key) header.d=facebookmail.com header.i=@facebookmail.com"),
    ),
    "filters that each write one, above Received": mail(
        results(f"{MX}; dmarc=pass header.from=facebookmail.com"),
        results(f"{MX}; spf=pass smtp.mailfrom=facebookmail.com"),
        results(f"{MX}; {GOOD}"),
        OURS,
    ),
    "Exim": mail(
        f"Authentication-Results: {MX};\n\tiprev=pass (66-220-155-1.mail-mail.facebook.com) "
        "smtp.remote-ip=66.220.155.1;\n\tspf=pass smtp.mailfrom=facebookmail.com;\n\tdkim=pass "
        "header.d=facebookmail.com header.s=s1024-2013-q3 header.a=rsa-sha256;\n"
        "\tdmarc=pass header.from=facebookmail.com",
        OURS,
    ),
    "amavis": mail(
        received("localhost", "mail.ladle.example"),
        "X-Virus-Scanned: Debian amavisd-new at ladle.example",
        f"Authentication-Results: {MX} (amavisd-new);\n\tdkim=pass (1024-bit key) header.d=facebookmail.com",
        "Received: from mail.ladle.example ([127.0.0.1])\n\tby localhost (mail.ladle.example [127.0.0.1]) "
        "(amavisd-new, port 10024) with ESMTP id x; Sat, 21 Nov 2026 17:15:04 +0000",
        OURS,
    ),
    "Fastmail": mail(
        received("mailmx.nyi.internal", "sloti1d1t01.messagingengine.com"),
        "Authentication-Results: mx1.messagingengine.com;\n    bimi=skipped (DMARC Policy is not at enforcement);\n"
        "    arc=none (no signatures found);\n    dkim=pass (1024-bit rsa key sha256) header.d=facebookmail.com\n"
        "    header.i=@facebookmail.com header.b=aBcD header.a=rsa-sha256\n    header.s=s1024-2013-q3;\n"
        "    dmarc=pass policy.published-domain-policy=reject\n    policy.applied-disposition=none "
        "policy.evaluated-disposition=none\n    (p=reject,d=none,d.eval=none) policy.policy-from=p\n"
        "    header.from=facebookmail.com",
        received("66-220-155-1.mail-mail.facebook.com", "mx1.messagingengine.com"),
    ),
    "iCloud": mail(
        results('bimi.icloud.com; bimi=skipped reason="insufficient dmarc"'),
        results(f"bimi.icloud.com; {GOOD} header.b=aBcD"),
        received("66-220-155-1.mail-mail.facebook.com", "p00-mx.icloud.com"),
    ),
    "Mimecast": mail(
        results(
            "relay.mimecast.com;\n\tdkim=pass header.d=facebookmail.com header.s=s1024 header.b=aBcD;\n\tdmarc=pass"
        ),
        received("66-220-155-1.mail-mail.facebook.com", "relay.mimecast.com"),
    ),
    "Cisco": mail(
        f"Authentication-Results: {MX}; dkim=pass (signature verified) header.i=@facebookmail.com; spf=Pass "
        "smtp.mailfrom=notification@facebookmail.com; dmarc=pass (p=reject dis=none) d=facebookmail.com",
        OURS,
    ),
    "Stalwart": mail(
        f"Authentication-Results: {MX};\n\tdkim=pass header.d=facebookmail.com header.s=s1024 header.b=aBcD;\n"
        f"\tspf=pass ({MX}: domain of notification@facebookmail.com) smtp.mailfrom=notification@facebookmail.com;\n"
        "\tdmarc=pass header.from=facebookmail.com policy.dmarc=reject",
        OURS,
    ),
    "capitals and a version": mail(
        f"authentication-results : {MX.upper()} 1;\r\n\tDKIM=Pass Header.D=FaceBookMail.Com", OURS
    ),
    "quotes": mail(f'Authentication-Results: "{MX}"; dkim=pass header.d="facebookmail.com"', OURS),
    "comments everywhere": mail(
        f"Authentication-Results: (a(b)) {MX} (c) ; (d) dkim (e) = (f) pass (g;h) header.d (i) = (j) facebookmail.com",
        OURS,
    ),
    "a subdomain that signs": mail(results(f"{MX}; dkim=pass header.d=mail.facebookmail.com"), OURS),
    "signed by a relay too": mail(
        results(f"{MX}; dkim=pass header.d=esp.example; {GOOD}; dkim=permerror (no key) header.d=old.example"), OURS
    ),
    "several servers": mail(OURS, results(f"{MX}; {GOOD}")),
    "below a server of another name": mail(results("filter.ladle.example; dkim=none"), results(f"{MX}; {GOOD}"), OURS),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_proof_is_verified(name: str) -> None:
    """T-17: in the shapes in which servers write it."""
    found = reading(TRUE[name], IDS.get(name, MX))
    assert (found.outcome, found.trust) == (Outcome.CARDS, Trust.VERIFIED)
    assert found.cards[0].source_url


UNSURE = {
    "no result": mail(OURS),
    "nothing on DKIM": mail(results(f"{MX}; spf=pass smtp.mailfrom=facebookmail.com"), OURS),
    "the key was not to be had": mail(results(f"{MX}; dkim=temperror (key) header.d=facebookmail.com"), OURS),
    "so says Exchange": mail(results(f"{MX}; dkim=timeout (key query timeout) header.d=facebookmail.com"), OURS),
    "and does not say whose": mail(results(f"{MX}; dkim=temperror"), OURS),
}


@pytest.mark.parametrize("name", UNSURE)
def test_no_word_is_no_failure(name: str) -> None:
    """T-17: only what a server has looked at and found wanting has failed."""
    found = reading(UNSURE[name])
    assert found.trust is Trust.UNPROVEN
    assert found.cards[0].source_url


@pytest.mark.parametrize(
    "verdict",
    [
        "dkim=none",
        "dkim=fail header.d=facebookmail.com",
        "dkim=pass header.d=foul.example",
        "dkim=permerror (no key)",
        "dkim=temperror header.d=foul.example",
    ],
)
def test_a_signature_that_is_broken_or_absent_has_failed(verdict: str) -> None:
    """It gives its card all the same: forwarding can break signatures."""
    found = reading(mail(results(f"{MX}; {verdict}"), OURS))
    assert (found.outcome, found.trust) == (Outcome.CARDS, Trust.FAILED)
    assert found.cards[0].text.startswith("Have you any")


@pytest.mark.parametrize("border", [results(OFFICE), results(f"protection.outlook.com; {GOOD}")])
def test_what_lies_below_the_border_of_exchange_is_the_senders(border: str) -> None:
    """Without an authserv-id only the place tells who wrote it."""
    raw = mail(EXCHANGE, EXCHANGE_HOP, received("foul.example", "DB5EUR02FT055.mail.protection.outlook.com"), border)
    assert authenticate(raw, "protection.outlook.com") == Authentication()


@pytest.mark.parametrize("name", ["foulyandex.net", "yandex.net", "mx.yandex.net.foul.example", "mx.yandex.com"])
def test_a_star_stands_for_whole_labels(name: str) -> None:
    assert not authenticate(mail(results(f"{name}; {GOOD}"), OURS), "*.yandex.net").signed


def test_there_are_enough_of_them() -> None:
    """T-17: 40 forged and 20 true ones, each of which is the notification that it looks like."""
    assert len(FORGED) >= 40
    assert len(TRUE) >= 20
    assert all(b"Have you any" in raw and b"facebook" in raw for raw in (*FORGED.values(), *TRUE.values()))
    verified = sum(reading(raw).trust is Trust.VERIFIED for raw in FORGED.values())
    lost = sum(reading(raw, IDS.get(name, MX)).trust is not Trust.VERIFIED for name, raw in TRUE.items())
    report("T-17 proof", forged=len(FORGED), false_verified=verified, true=len(TRUE), false_not_verified=lost)
    assert (verified, lost) == (0, 0)

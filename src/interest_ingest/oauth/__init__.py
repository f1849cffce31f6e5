"""Log-in by OAuth 2.0: access tokens got, kept and renewed for a mailbox (RFC 6749, RFC 8628).

    credential = Credential(registration, TokenFile(folder / "sales.json"))
    account = Account("sales", host, username, token=credential)

`providers` knows the services, `endpoint` speaks with their token servers, `tokens` keeps what they gave, `credential`
hands out an access token that still lasts, `device` is the log-in by a person, `permissions` says what a token lacks.
"""

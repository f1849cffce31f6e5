"""The straight line of one mail: bytes from a mailbox, ledger, reading, cards."""

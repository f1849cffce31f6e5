"""Turns the notification mails of many sources into interest cards in an SQL database."""

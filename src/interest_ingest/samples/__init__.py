"""The sample mails of the demo. All people in them are invented."""

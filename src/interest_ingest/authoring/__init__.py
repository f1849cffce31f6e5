"""The parser author's kit: from sample mails to a tested parser, all offline on files.

`workshop` knows where parsers and their fixtures lie; the other modules are one command each.
"""

"""Measurements: the product against a naive reference, and its memory. Run by `make bench`."""

"""The built-in parsers: one module per source, written exactly as an outsider would write them."""

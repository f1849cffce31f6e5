"""`python -m interest_ingest` is the command `interest-ingest`."""

from interest_ingest.cli import main

if __name__ == "__main__":
    main()

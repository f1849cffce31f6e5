"""Where the folders are that travel with the package without being modules: `migrations`, `config`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


def bundled(name: str) -> Path:
    """The folder `name`: the one inside the installed package if there is one, else the one of the checkout.

    Raises `FileNotFoundError` if neither is there: then the installation is incomplete.
    """
    for folder in (_PACKAGE / name, _CHECKOUT / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name!r} is missing from this installation: install interest-ingest again")

"""Finds what the product ships with: the mock data package, the cases and the model trained on it."""

from pathlib import Path

# Pseudonyms decide who falls in which fold, so the shipped model can be made again only with the key it was made with.
# It is public and guards nobody: the people do not exist. Never use it for a register of real people.
MOCK_KEY = "public key of the mock register, for people who do not exist"

_CHECKOUT = Path(__file__).resolve().parent.parent
_INSTALLED = Path(__file__).resolve().parent / "shipped"  # where a wheel holds the same files
_ROOT = _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else _INSTALLED


def mock_package() -> Path:
    """Folder of the mock data package; a wheel has only its catalogue and cases."""
    return _ROOT / "data" / "mock"


def catalogue() -> Path:
    """Return the mock Välfärdsguiden catalogue."""
    return mock_package() / "catalogue.json"


def cases() -> Path:
    """Return the mock cases."""
    return mock_package() / "cases.json"


def model() -> Path:
    """Folder of the model trained on the mock package."""
    return _ROOT / "models" / "mock"

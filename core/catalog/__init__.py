"""The catalogue of models: shipped entries from a file, own ones from the database, one name for one model."""

from core.catalog.draft import ModelDraft
from core.catalog.entries import create, delete, find, in_use, listed, models, resolve, update

__all__ = ["ModelDraft", "create", "delete", "find", "in_use", "listed", "models", "resolve", "update"]

"""Evidence -> contract text: what a person would write down of a plugin that is there."""

from abicheck.authoring.draft import AuthoringError, Draft, NoTypesError, Wishes, draft
from abicheck.authoring.text import write

__all__ = ["AuthoringError", "Draft", "NoTypesError", "Wishes", "draft", "write"]

"""What goes wrong, and the exit code that goes with it."""

from __future__ import annotations


class UsageError(Exception):
    """Wrong use: one or two lines for the user, no traceback, and the exit code that goes with it."""

    exit_code = 2


class TooManyFailed(UsageError):
    """Most of the files could not be used."""

    exit_code = 3


class StoreDamaged(UsageError):
    """The store, or a run, is damaged or of a version that this one does not know."""

    exit_code = 4

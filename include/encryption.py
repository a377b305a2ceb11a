"""Encryption of what the warehouse keeps secret: tokens, hash keys.

The keys come from `GREENLIGHT_SECRET_KEY`, a comma-separated list of Fernet keys: the first one
encrypts, every one decrypts, so that a key is rotated by putting a new one in front.
"""

from __future__ import annotations

import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from include.errors import ConfigurationError

VARIABLE = "GREENLIGHT_SECRET_KEY"


def cipher() -> MultiFernet:
    """Return the cipher of the configured keys.

    Raises:
        ConfigurationError: there is no key, or one is no Fernet key; the sentence shows no key.
    """
    keys = [key for part in os.environ.get(VARIABLE, "").split(",") if (key := part.strip())]
    if not keys:
        raise ConfigurationError(f"{VARIABLE} is not set", next_step="run `make env`, which puts a new key into .env")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ConfigurationError(
            f"{VARIABLE} holds something that is no Fernet key",
            next_step="restore the key from your backup, or run `make env` on a new installation",
        ) from None


def encrypt(secret: bytes) -> str:
    """Return the secret encrypted with the first key, as text for a column."""
    return cipher().encrypt(secret).decode()


def decrypt(token: str) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        ConfigurationError: none of the configured keys encrypted it.
    """
    try:
        return cipher().decrypt(token.encode())
    except InvalidToken:
        raise ConfigurationError(
            f"a stored secret was encrypted with a key that {VARIABLE} no longer lists",
            next_step=f"put the former key back, behind the new one, into {VARIABLE}",
        ) from None

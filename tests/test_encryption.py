"""Secrets at rest: keys from the environment, rotation, and sentences that show no key."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from include.encryption import VARIABLE, decrypt, encrypt
from include.errors import ConfigurationError

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def test_a_secret_comes_back_and_is_not_readable_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, OLD)
    stored = encrypt(b"a token")
    assert "token" not in stored
    assert decrypt(stored) == b"a token"


def test_the_first_key_encrypts_and_every_key_decrypts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, OLD)
    before = encrypt(b"a token")
    monkeypatch.setenv(VARIABLE, f" {NEW} , {OLD},")
    assert decrypt(before) == b"a token"
    after = encrypt(b"a token")
    monkeypatch.setenv(VARIABLE, NEW)
    assert decrypt(after) == b"a token"
    with pytest.raises(ConfigurationError, match="no longer lists"):
        decrypt(before)


@pytest.mark.parametrize("value", ["", " , ", None])
def test_a_missing_key_names_the_command(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setenv(VARIABLE, value) if value is not None else monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ConfigurationError, match="make env"):
        encrypt(b"a token")


def test_a_broken_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{OLD},not-a-key")
    with pytest.raises(ConfigurationError) as caught:
        encrypt(b"a token")
    assert "not-a-key" not in str(caught.value) and OLD not in str(caught.value)

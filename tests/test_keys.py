"""Keys that were met are known, however they are written and whenever they come again."""

from __future__ import annotations

from include.keys import Keys


def test_a_key_is_known_once_it_was_met() -> None:
    keys = Keys()
    assert keys.add(["Invoice:1", "Invoice:2"]) == set()
    assert "Invoice:1" in keys
    assert "Invoice:3" not in keys
    assert list(keys.lacking(["Invoice:3", "Invoice:2"])) == ["Invoice:3"]


def test_a_key_that_comes_again_is_told_and_counted_once() -> None:
    keys = Keys()
    keys.add(["Invoice:1"])
    assert keys.add(["Invoice:2", "Invoice:1", "Invoice:3", "Invoice:3"]) == {"Invoice:1", "Invoice:3"}
    assert len(keys) == 3
    assert keys.add([]) == set()


def test_a_key_of_half_a_surrogate_pair_is_a_key_of_its_own() -> None:
    keys = Keys()
    assert keys.add(["Invoice:\ud800", "Invoice:\ud801"]) == set()
    assert keys.add(["Invoice:\ud800"]) == {"Invoice:\ud800"}
    assert len(keys) == 2

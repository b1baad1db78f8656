"""Secrets: read at use, never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smwatch.secret import MASK, Secret, SecretMissing, redact

if TYPE_CHECKING:
    from pathlib import Path


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMWATCH_TEST_TOKEN", " canary-1234 \n")
    assert Secret("env", "SMWATCH_TEST_TOKEN").reveal() == "canary-1234"


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("canary-file\n", encoding="utf-8")
    assert Secret("file", str(tmp_path / "token")).reveal() == "canary-file"


@pytest.mark.parametrize("name", ["slack", "smwatch_slack"])
def test_from_systemds_folder_with_and_without_the_units_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_text("canary-credential", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret("credential", "slack").reveal() == "canary-credential"


@pytest.mark.parametrize(
    "secret", [Secret("env", "SMWATCH_NOT_SET"), Secret("file", "/nowhere/token"), Secret("credential", "x")]
)
def test_a_missing_one_names_its_place(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretMissing, match=secret.place):
        secret.reveal()


def test_what_was_read_is_masked_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMWATCH_TEST_TOKEN", "canary/5678 x")
    secret = Secret("env", "SMWATCH_TEST_TOKEN")
    secret.reveal()
    assert redact("a canary/5678 x b canary%2F5678%20x c") == f"a {MASK} b {MASK} c"
    assert f"{secret!r} {secret}" == f"{MASK} {MASK}"

"""The lines and the file that go into the user's own projects."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from helpers import project
from helpers.instagram import PROFILE_URL, TODAY, TOKEN_URL
from helpers.urls import Urls

URLS = Urls("https://shop.ngrok-free.dev", TODAY.provider)
NO_ADDRESS = Urls("", TODAY.provider)
ROOT = Path(project.__file__).parent.parent


def read(env_file: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=StringIO(env_file)))


def test_strapi_reads_its_address_from_the_variable_that_the_backend_gets():
    named = re.fullmatch(r"url: env\('(\w+)', 'http://localhost:1337'\),", project.server_config())
    assert named
    assert read(project.backend_env(URLS)) == {named[1]: "https://shop.ngrok-free.dev"}


def test_the_front_end_gets_the_same_address_under_the_name_its_tool_hands_on():
    assert read(project.frontend_env(URLS)) == {
        "REACT_APP_BACKEND_URL": "https://shop.ngrok-free.dev",
        "VITE_BACKEND_URL": "https://shop.ngrok-free.dev",
        "NEXT_PUBLIC_BACKEND_URL": "https://shop.ngrok-free.dev",
    }


@pytest.mark.parametrize("lines", [project.backend_env, project.frontend_env])
def test_without_a_public_address_there_is_nothing_to_paste(lines):
    assert lines(NO_ADDRESS) == ""


def test_the_provider_file_is_todays_login_to_the_letter():
    source = project.provider_source()
    for text in (TODAY.provider, TODAY.authorize_url, TODAY.scope, TOKEN_URL):
        assert source.count(f"'{text}'") == 1
    assert f"'{PROFILE_URL}?fields=id," in source


def test_the_provider_file_brings_no_credentials_and_starts_switched_off():
    source = project.provider_source()
    assert re.findall(r"\b(?:key|secret|callback): '([^']*)'", source) == ["", "", ""]
    assert "enabled: false" in source


def test_the_provider_file_protects_the_login_on_every_strapi():
    assert "state: true" in project.provider_source()


def test_the_notebook_names_the_provider_files_place_as_the_kit_does():
    assert project.PROVIDER_FILE in (ROOT / "notebooks" / "03_strapi_provider.ipynb").read_text("utf-8")

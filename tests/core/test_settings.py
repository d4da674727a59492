"""The facts of a setup: where they come from, where they are kept, and who may read that."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.core.errors import InputError
from helpers.core.facts import Facts
from helpers.core.masking import Secret
from helpers.core.settings import NAMES, TYPED, Settings, load, remember

HEX = "0123456789abcdef" * 2
SECRETS = ("NGROK_AUTHTOKEN", "STRAPI_ADMIN_PASSWORD", "INSTAGRAM_CLIENT_SECRET")
ADDRESSES = {
    "NGROK_DOMAIN": "shop.ngrok-free.dev",
    "PUBLIC_URL": "https://shop.example.com",
    "STRAPI_URL": "http://localhost:2337",
    "STRAPI_PROJECT": "/srv/shop",
    "STRAPI_ADMIN_EMAIL": "me@example.com",
    "FRONTEND_URL": "http://localhost:3001",
    "FRONTEND_PROJECT": "/srv/page",
}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_any_facts_it_is_a_rehearsal_of_todays_login(tmp_path: Path):
    assert load({}, tmp_path) == Settings(mode="rehearsal", flow="today", home=tmp_path)
    assert not Settings().live
    assert list(tmp_path.iterdir()) == []


def test_every_fact_of_the_contract_has_its_variable():
    assert set(NAMES.values()) - {"KIT_GATEWAY_PORT", "KIT_IDLE_MINUTES"} == {
        "KIT_MODE", "KIT_FLOW", "KIT_AUTOPILOT", *SECRETS, *ADDRESSES, "INSTAGRAM_CLIENT_ID",
    }  # fmt: skip


def test_the_environment_wins_over_the_file(tmp_path: Path):
    (tmp_path / ".env").write_text("KIT_MODE=live\nINSTAGRAM_CLIENT_ID=1\nSTRAPI_URL=http://localhost:1\n")
    assert load({"INSTAGRAM_CLIENT_ID": "2"}, tmp_path).client_id == "2"
    assert load({"INSTAGRAM_CLIENT_ID": " "}, tmp_path).client_id == "1"
    assert load({}, tmp_path).strapi_url == "http://localhost:1"


def test_a_live_setup_takes_every_fact_from_either_place(tmp_path: Path):
    facts = {**ADDRESSES, **dict.fromkeys(SECRETS, HEX), "INSTAGRAM_CLIENT_ID": "563883201184965"}
    from_environment = load({**facts, "KIT_MODE": "live"}, tmp_path)
    (tmp_path / ".env").write_text("\n".join(f"{k}={v}" for k, v in facts.items()) + "\nKIT_MODE=live\n")
    assert load({}, tmp_path) == from_environment
    for attribute, name in NAMES.items():
        if name in facts:
            value = getattr(from_environment, attribute)
            assert (value.reveal() if isinstance(value, Secret) else value) == facts[name]


def test_a_rehearsal_leaves_live_facts_alone_wherever_they_stand(tmp_path: Path):
    live = {**ADDRESSES, **dict.fromkeys(SECRETS, HEX), "INSTAGRAM_CLIENT_ID": "1", "PUBLIC_URL": "wrong"}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in live.items()))
    assert load(live, tmp_path) == Settings(home=tmp_path)


def test_a_rehearsal_reads_what_was_typed_there_and_not_the_environment(tmp_path: Path):
    (tmp_path / ".rehearsal.env").write_text("INSTAGRAM_CLIENT_ID=1\nSTRAPI_ADMIN_EMAIL=a@b\n")
    live = {"STRAPI_ADMIN_EMAIL": "live@example.com", "INSTAGRAM_CLIENT_ID": "2", "KIT_FLOW": "documented"}
    found = load(live, tmp_path)
    assert (found.client_id, found.strapi_admin_email, found.flow) == ("1", "a@b", "documented")


def test_a_live_setup_does_not_read_the_file_of_the_rehearsal(tmp_path: Path):
    (tmp_path / ".rehearsal.env").write_text("INSTAGRAM_CLIENT_ID=1\n")
    assert load({"KIT_MODE": "live"}, tmp_path).client_id == ""


def test_what_is_typed_in_one_mode_stays_out_of_the_others_file(tmp_path: Path):
    for mode, number in (("rehearsal", "1"), ("live", "2")):
        remember(Settings(mode=mode, home=tmp_path), client_id=number)
    assert (tmp_path / ".rehearsal.env").read_text() == "INSTAGRAM_CLIENT_ID=1\n"
    assert (tmp_path / ".env").read_text() == "INSTAGRAM_CLIENT_ID=2\n"


@pytest.mark.parametrize("mode", ["rehearsal", "live"])
def test_mode_and_flow_are_always_kept_where_they_are_looked_for(tmp_path: Path, mode: str):
    remember(Settings(mode=mode, home=tmp_path), mode="live", flow="documented")
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    found = load({}, tmp_path)
    assert (found.mode, found.flow, found.live) == ("live", "documented", True)


@pytest.mark.parametrize(
    ("text", "on"), [("1", True), ("yes", True), ("0", False), ("Off", False), ("false", False), ("", False)]
)
def test_autopilot_is_a_switch(tmp_path: Path, text: str, on: bool):
    assert load({"KIT_AUTOPILOT": text}, tmp_path).autopilot is on


def test_autopilot_can_put_everything_back_too(tmp_path: Path):
    assert load({"KIT_AUTOPILOT": "undo"}, tmp_path).autopilot == "undo"


@pytest.mark.parametrize(("text", "minutes"), [("", 30), ("5", 5), (" 0 ", 0)])
def test_an_address_that_nobody_looks_after_is_open_for_so_long(tmp_path: Path, text: str, minutes: int):
    assert load({"KIT_IDLE_MINUTES": text}, tmp_path).idle_minutes == minutes


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("KIT_MODE", "production", "KIT_MODE: Type rehearsal or live."),
        ("KIT_FLOW", "yesterday", "KIT_FLOW: Type today or documented."),
        ("KIT_IDLE_MINUTES", "a while", "KIT_IDLE_MINUTES: Type a whole number of minutes, or 0 for never."),
        ("KIT_GATEWAY_PORT", "many", "KIT_GATEWAY_PORT: Type a port number from 1 to 65535"),
        ("NGROK_DOMAIN", "my name", "NGROK_DOMAIN: The domain must be a host name such as your-name.ngrok"),
        ("PUBLIC_URL", "http://localhost:1337", "PUBLIC_URL: Meta refuses localhost: type the public https"),
        ("STRAPI_URL", "localhost:1337", "STRAPI_URL: Strapi's address needs its scheme: type http://local"),
        ("STRAPI_URL", "http://[::1", "STRAPI_URL: Strapi's address is not a web address"),
        ("STRAPI_PROJECT", "~nobody-here/shop", "STRAPI_PROJECT: There is no such home folder."),
        ("STRAPI_ADMIN_EMAIL", "admin", "STRAPI_ADMIN_EMAIL: Type the e-mail address of your Strapi"),
        ("FRONTEND_URL", "https://a.b/c", "FRONTEND_URL: The front end's address must be the bare site"),
        ("INSTAGRAM_CLIENT_ID", "my app", "INSTAGRAM_CLIENT_ID: The client ID must be digits only"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_bad_value_is_refused_by_the_name_of_its_variable(
    tmp_path: Path, place: str, name: str, text: str, told: str
):
    given = {"KIT_MODE": "live", name: text}
    if place == "file":
        (tmp_path / ".env").write_text("".join(f"{key}='{value}'\n" for key, value in given.items()))
        given = {}
    with pytest.raises(InputError) as caught:
        load(given, tmp_path)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    "front_end",
    [
        "http://localhost:1337",
        "http://127.0.0.1:1337",
        "http://LOCALHOST:1337/",
        "http://[::1]:1337",
        "http://[::ffff:127.0.0.1]:1337",
    ],
)
def test_a_front_end_that_is_strapi_itself_is_refused_with_the_reason(tmp_path: Path, front_end: str):
    with pytest.raises(InputError, match="admin panel on the internet"):
        load({"KIT_MODE": "live", "FRONTEND_URL": front_end}, tmp_path)
    assert load({"KIT_MODE": "live", "FRONTEND_URL": "http://localhost:3000"}, tmp_path).frontend_url


def test_the_file_is_for_this_user_only_whatever_it_was_before(tmp_path: Path):
    typed, older = Settings(home=tmp_path), Settings(mode="live", home=tmp_path)
    older.file.write_text("STRAPI_URL=http://localhost:1337\n")
    older.file.chmod(0o644)
    for each in (typed, older):
        remember(each, client_secret=Secret(HEX))
        assert mode_of(each.file) == 0o600


def test_forgetting_closes_an_open_file_too(tmp_path: Path):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_text(f"INSTAGRAM_CLIENT_SECRET={HEX}\nINSTAGRAM_CLIENT_ID=1\n")
    live.file.chmod(0o644)
    remember(live, client_id="")
    assert mode_of(live.file) == 0o600


def test_a_secret_is_never_in_a_file_that_others_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither in the file that is replaced nor in the one that replaces it, in the moment between."""
    live = Settings(mode="live", home=tmp_path)
    live.file.write_text("KIT_MODE=live\n")
    live.file.chmod(0o644)
    seen: list[int] = []
    replace = os.replace

    def watched(new: Path, old: Path) -> None:
        seen.extend(mode_of(path) for path in tmp_path.iterdir())
        replace(new, old)

    monkeypatch.setattr(os, "replace", watched)
    before = os.umask(0)
    try:
        remember(live, client_secret=Secret(HEX))
    finally:
        os.umask(before)
    assert seen == [0o600, 0o600]
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


HAND_WRITTEN = """# my own notes: ${KEEP} "as it is"
export STRAPI_URL=http://localhost:2337
INSTAGRAM_CLIENT_ID = 1   # the old one

OTHER="$HOME/it's"
"""


def test_the_rest_of_a_hand_written_file_survives_to_the_letter(tmp_path: Path):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_text(HAND_WRITTEN)
    remember(live, client_id="2")
    assert live.file.read_text() == HAND_WRITTEN.replace(
        "INSTAGRAM_CLIENT_ID = 1   # the old one", "INSTAGRAM_CLIENT_ID=2"
    )
    remember(live, client_id="", client_secret="")
    assert live.file.read_text() == HAND_WRITTEN.replace("INSTAGRAM_CLIENT_ID = 1   # the old one\n", "")


def test_a_file_without_a_last_line_break_is_continued_on_a_new_line(tmp_path: Path):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_text("STRAPI_URL=http://localhost:2337")
    remember(live, client_id="2")
    assert live.file.read_text() == "STRAPI_URL=http://localhost:2337\nINSTAGRAM_CLIENT_ID=2\n"


def test_forgetting_what_was_never_typed_makes_no_file(tmp_path: Path):
    remember(Settings(home=tmp_path), **dict.fromkeys(TYPED, ""))
    assert list(tmp_path.iterdir()) == []


def test_forgetting_what_was_typed_keeps_the_choices_about_the_kit(tmp_path: Path):
    live = Settings(mode="live", home=tmp_path)
    kept = "KIT_MODE=live\nKIT_GATEWAY_PORT=8080\nKIT_AUTOPILOT=1\n"
    live.file.write_text(kept + "INSTAGRAM_CLIENT_ID=1\nPUBLIC_URL=https://shop.example.com\n")
    remember(live, **dict.fromkeys(TYPED, ""))
    assert live.file.read_text() == kept


def password(text: str, home: Path) -> str:
    """What is read back after a password was kept."""
    remember(Settings(home=home), strapi_admin_password=Secret(text))
    return load({}, home).strapi_admin_password.reveal()


@pytest.mark.parametrize(
    "text",
    [
        "two words", " around ", "a#b", "a # b", "it's", 'say "yes"', "'quoted'", "$HOME", "${HOME}", "a\\b",
        "ends with \\", "\\'", "a=b", "export", "grüße 日本 🎈", "`ls`", "%20", "two\nlines",
    ],
)  # fmt: skip
def test_a_value_is_read_back_as_it_was_typed(tmp_path: Path, text: str):
    assert password("before", tmp_path) == "before"
    assert password(text, tmp_path) == text
    assert len(list(tmp_path.iterdir())) == 1


# Control characters cannot be typed into a form's field.
typeable = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=50, deadline=None, database=None)
@given(text=typeable)
def test_any_value_that_can_be_typed_is_read_back(tmp_path_factory: pytest.TempPathFactory, text: str):
    assert password(text, tmp_path_factory.mktemp("home")) == text


def test_settings_show_no_secret(tmp_path: Path):
    shown = load({**dict.fromkeys(SECRETS, HEX), "KIT_MODE": "live"}, tmp_path)
    assert HEX not in f"{shown} {shown!r}"
    assert shown.client_secret.reveal() == HEX


def test_reading_writes_nothing(tmp_path: Path):
    load({**dict.fromkeys(SECRETS, HEX), "KIT_MODE": "live", "KIT_FLOW": "documented"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "line"), [("# mine\n\n\nINSTAGRAM_CLIENT_ID='1\n", 4), ("A=1\ncd shop && ls\n", 2)]
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_written_behind_it(
    tmp_path: Path, text: str, line: int
):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_text(text)
    for use in (lambda: load({}, tmp_path), lambda: remember(live, client_id="2")):
        with pytest.raises(InputError, match=rf"\.env, line {line} cannot be read: type NAME=value there"):
            use()
    assert live.file.read_text() == text


@pytest.mark.parametrize("content", ["KIT_MODE=live\n".encode("utf-16"), b"A=caf\xe9\n"])
def test_a_file_in_another_encoding_is_named_with_the_way_out(tmp_path: Path, content: bytes):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_bytes(content)
    for use in (lambda: load({}, tmp_path), lambda: remember(live, client_id="2")):
        with pytest.raises(
            InputError, match=r"\.env is not UTF-8 text: save it again with the encoding UTF-8"
        ):
            use()
    assert live.file.read_bytes() == content


def test_a_byte_order_mark_hides_nothing(tmp_path: Path):
    live = Settings(mode="live", home=tmp_path)
    live.file.write_bytes(b"\xef\xbb\xbfINSTAGRAM_CLIENT_ID=1\r\nKIT_MODE=live\r\n")
    assert load({}, tmp_path).client_id == "1"
    remember(live, client_id="")
    assert load({}, tmp_path) == live


def test_a_file_that_cannot_be_read_is_named_with_the_way_out(tmp_path: Path):
    (tmp_path / ".env").mkdir()
    for use in (lambda: load({}, tmp_path), lambda: remember(Settings(home=tmp_path), mode="live")):
        with pytest.raises(InputError, match=r"\.env cannot be used: it must be yours") as caught:
            use()
        assert caught.value.evidence == "Is a directory"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_to_a_file_elsewhere_stays_one(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("MINE=1\n")
    (tmp_path / ".env").symlink_to(elsewhere)
    remember(Settings(home=tmp_path), mode="live")
    remember(Settings(home=tmp_path), mode="")
    remember(Settings(home=tmp_path), flow="documented")
    assert (tmp_path / ".env").is_symlink()
    assert elsewhere.read_text().splitlines() == ["MINE=1", "KIT_FLOW=documented"]


def test_a_home_that_is_not_there_is_told_when_something_is_to_be_kept(tmp_path: Path):
    nowhere = tmp_path / "nowhere"
    assert load({}, nowhere).home == nowhere
    with pytest.raises(InputError, match=r"\.env cannot be used") as caught:
        remember(Settings(home=nowhere), client_id="1")
    assert caught.value.evidence == "No such file or directory"


def test_a_rehearsal_goes_on_where_nothing_can_be_kept_unless_it_was_asked_to(tmp_path: Path):
    facts, live = (Facts(Settings(mode=mode, home=tmp_path / "nowhere")) for mode in ("rehearsal", "live"))
    facts.learn(client_id="1")
    assert facts.settings.client_id == "1"
    for setup, asked in ((facts, True), (live, False)):
        with pytest.raises(InputError, match=r"\.env cannot be used"):
            setup.learn(keep_secrets=asked, client_id="2")


def test_home_is_the_repository_or_what_the_environment_says(tmp_path: Path):
    assert (load({}).home / "pyproject.toml").is_file()
    assert load({"KIT_HOME": str(tmp_path)}).home == tmp_path
    assert load({"KIT_HOME": "~/nowhere"}).home == Path.home() / "nowhere"
    (tmp_path / ".env").write_text("KIT_FLOW=documented\n")
    assert load({"KIT_HOME": str(tmp_path)}).flow == "documented"


def test_the_environment_is_that_of_the_process_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KIT_FLOW", "documented")
    assert load().flow == "documented"


def test_the_state_folder_is_for_this_user_only(tmp_path: Path):
    folder = Settings(home=tmp_path).state_dir
    assert folder == Settings(home=tmp_path).state_dir == tmp_path / ".kit"
    assert mode_of(folder) == 0o700

"""The edits themselves: one variable of an ``.env`` file, and what is shown of a change."""

from __future__ import annotations

from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from helpers.project.diff import unified
from helpers.project.env_file import bindings, set_variable

# .env

ADDRESS = "https://shop.ngrok-free.dev"
ENV_FORMS = {
    "no_file": (None, f"PUBLIC_URL={ADDRESS}\n"),
    "empty": ("", f"PUBLIC_URL={ADDRESS}\n"),
    "appended": ("A=1\n", f"A=1\nPUBLIC_URL={ADDRESS}\n"),
    "no_newline_at_the_end": ("A=1", f"A=1\nPUBLIC_URL={ADDRESS}"),
    "windows": ("A=1\r\nB=2\r\n", f"A=1\r\nB=2\r\nPUBLIC_URL={ADDRESS}\r\n"),
    "windows_changed": ("PUBLIC_URL=x\r\nB=2\r\n", f"PUBLIC_URL={ADDRESS}\r\nB=2\r\n"),
    "changed": ("A=1\nPUBLIC_URL=http://x\nB=2", f"A=1\nPUBLIC_URL={ADDRESS}\nB=2"),
    "without_a_value": ("PUBLIC_URL=\nB=2\n", f"PUBLIC_URL={ADDRESS}\nB=2\n"),
    "the_name_alone": ("PUBLIC_URL\nB=2\n", f"PUBLIC_URL={ADDRESS}\nB=2\n"),
    "quoted": ('PUBLIC_URL = "a\\"b" # x\n', f'PUBLIC_URL = "{ADDRESS}" # x\n'),
    "with_a_remark": ("export PUBLIC_URL='x' # mine\n", f"export PUBLIC_URL='{ADDRESS}' # mine\n"),
    "with_a_remark_unquoted": ("PUBLIC_URL=x  # mine\n", f"PUBLIC_URL={ADDRESS}  # mine\n"),
    "only_a_remark": ("PUBLIC_URL=# mine\n", f"PUBLIC_URL={ADDRESS} # mine\n"),
    "in_a_remark": ("# PUBLIC_URL=x\n", f"# PUBLIC_URL=x\nPUBLIC_URL={ADDRESS}\n"),
    "twice": ("PUBLIC_URL=a\nPUBLIC_URL=b\n", f"PUBLIC_URL=a\nPUBLIC_URL={ADDRESS}\n"),
    "in_a_longer_value": ("K='\nPUBLIC_URL=x\n'\n", f"K='\nPUBLIC_URL=x\n'\nPUBLIC_URL={ADDRESS}\n"),
    "over_several_lines": ("\n\nPUBLIC_URL='a\nb'\nC=1\n", f"\n\nPUBLIC_URL='{ADDRESS}'\nC=1\n"),
    "not_a_line": ("what is this?\n", f"what is this?\nPUBLIC_URL={ADDRESS}\n"),
    "already": (f"PUBLIC_URL='{ADDRESS}'\r\nA=1", f"PUBLIC_URL='{ADDRESS}'\r\nA=1"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), ENV_FORMS.values(), ids=ENV_FORMS)
def test_one_variable_is_set_and_every_other_byte_stays(before: str | None, after: str):
    assert (
        set_variable(before if before is None else before.encode(), "PUBLIC_URL", ADDRESS) == after.encode()
    )
    assert set_variable(after.encode(), "PUBLIC_URL", ADDRESS) == after.encode()


_NAMES = st.sampled_from(["PUBLIC_URL", "A", "B", "export PUBLIC_URL"])
_VALUES = st.one_of(
    st.text(st.characters(blacklist_characters="\r\n'\"", blacklist_categories=["Cs"])),
    st.sampled_from(["'a\nb'", '"x \\" y"', "", " ", " x # remark", "`c`"]),
)
_LINES = st.one_of(
    st.builds("{}={}".format, _NAMES, _VALUES), st.sampled_from(["", "# remark", "A", "no line", "'"])
)


@given(lines=st.lists(_LINES), newline=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_every_other_line_of_any_file_is_identical(lines: list[str], newline: str, last: bool):
    before = newline.join([*lines, ""] if last else lines)
    after = set_variable(before.encode(), "PUBLIC_URL", ADDRESS).decode()
    assert dotenv_values(stream=StringIO(after, newline=""))["PUBLIC_URL"] == ADDRESS
    old, new = (dotenv_values(stream=StringIO(text, newline="")) for text in (before, after))
    assert {**new, "PUBLIC_URL": ""} == {**old, "PUBLIC_URL": ""}
    if "PUBLIC_URL" in old:
        pairs = zip(bindings(before), bindings(after), strict=True)
        changed = [was.key for was, now in pairs if was.original.string != now.original.string]
        assert changed in ([], ["PUBLIC_URL"])
    else:
        assert after.startswith(before)
        assert after[len(before) :].strip() == f"PUBLIC_URL={ADDRESS}"
    assert set_variable(after.encode(), "PUBLIC_URL", ADDRESS).decode() == after


@given(st.binary())
def test_any_bytes_survive(content: bytes):
    after = set_variable(content, "PUBLIC_URL", ADDRESS)
    if b"PUBLIC_URL" not in content:
        assert after.startswith(content)


# What is shown


def test_a_diff_shows_the_changed_line_of_a_config_file():
    before = b"module.exports = ({ env }) => ({\n  url: env('', 'http://localhost:1337'),\n});\n"
    after = before.replace(b"env('',", b"env('PUBLIC_URL',")
    assert unified("shop/config/server.js", before, after) == (
        "--- a/shop/config/server.js\n"
        "+++ b/shop/config/server.js\n"
        "@@ -1,3 +1,3 @@\n"
        " module.exports = ({ env }) => ({\n"
        "-  url: env('', 'http://localhost:1337'),\n"
        "+  url: env('PUBLIC_URL', 'http://localhost:1337'),\n"
        " });\n"
    )


def test_of_an_env_file_only_our_own_value_is_shown():
    before = "JWT_SECRET=hunter2\nPUBLIC_URL=http://x\n# old: SALT=hunter3\n# a remark\nKEY='a\nhunter4=b'\n"
    after = set_variable(before.encode(), "PUBLIC_URL", ADDRESS)
    assert unified("shop/.env", before.encode(), after, "PUBLIC_URL") == (
        "--- a/shop/.env\n"
        "+++ b/shop/.env\n"
        "@@ -1,5 +1,5 @@\n"
        " JWT_SECRET=•••\n"
        "-PUBLIC_URL=http://x\n"
        f"+PUBLIC_URL={ADDRESS}\n"
        " # old: SALT=•••\n"
        " # a remark\n"
        " •••\n"
    )


@given(
    st.lists(
        st.sampled_from(["A=hunter2", "hunter2", "B='hunter2", "'", "C=1\r", "D: hunter2", "E=`", "# x"])
    )
)
def test_no_value_of_any_env_file_is_shown(lines: list[str]):
    before = "\n".join(lines).encode()
    shown = unified(".env", before, set_variable(before, "PUBLIC_URL", ADDRESS), "PUBLIC_URL")
    assert "hunter2" not in shown
    assert f"PUBLIC_URL={ADDRESS}" in shown


def test_secrets_in_the_code_around_a_change_are_not_shown():
    before = b"""\
module.exports = ({ env }) => ({
  app: { keys: env.array('APP_KEYS', ['hunter2hunter2']) },
  admin: { auth: { secret: env('ADMIN_JWT_SECRET', "hunter3hunter3") } },
  port: env.int('PORT', 1337),
  headers: { Authorization: `Bearer hunter4hunter4` },
});
"""
    added = b"  url: env('PUBLIC_URL', 'http://localhost:1337'),\n"
    shown = unified("server.js", before, before.replace(b"1337),\n", b"1337),\n" + added))
    assert "hunter" not in shown
    assert "env('ADMIN_JWT_SECRET', \"•••\")" in shown
    assert "+  url: env('PUBLIC_URL', 'http://localhost:1337'),\n" in shown


def test_no_difference_is_no_diff():
    assert unified(".env", b"A=1\n", b"A=1\n", "PUBLIC_URL") == ""

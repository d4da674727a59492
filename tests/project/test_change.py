"""The edits themselves: ``config/server``, ``.env``, and what is shown of them."""

from __future__ import annotations

import re
from io import StringIO
from typing import NamedTuple

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import InputError
from helpers.project.config_file import set_url
from helpers.project.diff import unified
from helpers.project.env_file import bindings, set_variable
from helpers.project.javascript import CannotEdit

# config/server


class Form(NamedTuple):
    language: str
    before: str
    after: str
    variable: str = "PUBLIC_URL"


FORMS = {
    "template_js": Form(
        "js",
        """\
module.exports = ({ env }) => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
  app: {
    keys: env.array('APP_KEYS'),
  },
});
""",
        """\
module.exports = ({ env }) => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
  url: env('PUBLIC_URL', 'http://localhost:1337'),
  app: {
    keys: env.array('APP_KEYS'),
  },
});
""",
    ),
    "template_ts": Form(
        "ts",
        """\
import type { Core } from '@strapi/strapi';

const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Server => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
  app: {
    keys: env.array('APP_KEYS')!,
  },
});

export default config;
""",
        """\
import type { Core } from '@strapi/strapi';

const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Server => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
  url: env('PUBLIC_URL', 'http://localhost:1337'),
  app: {
    keys: env.array('APP_KEYS')!,
  },
});

export default config;
""",
    ),
    "the_pages_own_bug": Form(
        "js",
        "module.exports = ({ env }) => ({\n  url: env('', 'http://localhost:1337'),\n});\n",
        "module.exports = ({ env }) => ({\n  url: env('PUBLIC_URL', 'http://localhost:1337'),\n});\n",
    ),
    "the_bug_with_a_computed_default": Form(
        "js",
        'let URL = "http://x"\nmodule.exports = ({ env }) => ({\n  url: env("", URL),\n});\n',
        'let URL = "http://x"\nmodule.exports = ({ env }) => ({\n  url: env("PUBLIC_URL", URL),\n});\n',
    ),
    "string": Form(
        "js",
        "module.exports = ({ env }) => ({\n  port: 1337,\n  url: 'https://api.shop.example', // live\n});\n",
        "module.exports = ({ env }) => ({\n  port: 1337,\n"
        "  url: env('PUBLIC_URL', 'https://api.shop.example'), // live\n});\n",
    ),
    "double_quotes": Form(
        "ts",
        'export default ({ env }) => ({\n  host: env("HOST"),\n  "url": "https://localhost:1339",\n});\n',
        'export default ({ env }) => ({\n  host: env("HOST"),\n'
        '  "url": env("PUBLIC_URL", "https://localhost:1339"),\n});\n',
    ),
    "template_literal": Form(
        "js",
        "module.exports = ({ env }) => ({\n  url: `http://${env('HOST')}:1337`,\n});\n",
        "module.exports = ({ env }) => ({\n  url: env('PUBLIC_URL', `http://${env('HOST')}:1337`),\n});\n",
    ),
    "already": Form(
        "js",
        "module.exports = ({ env }) => ({\n  url: env('PUBLIC_URL'),\n});\n",
        "module.exports = ({ env }) => ({\n  url: env('PUBLIC_URL'),\n});\n",
    ),
    "another_variable": Form(
        "js",
        'module.exports = ({ env }) => ({\n  url: env("STRAPI_URL", "http://localhost:1337"),\n});\n',
        'module.exports = ({ env }) => ({\n  url: env("STRAPI_URL", "http://localhost:1337"),\n});\n',
        "STRAPI_URL",
    ),
    "one_variable_or_another": Form(
        "ts",
        "export default ({ env }) => ({\n  url: (env('URL')! as string) || env('PUBLIC_URL'),\n});\n",
        "export default ({ env }) => ({\n  url: (env('URL')! as string) || env('PUBLIC_URL'),\n});\n",
        "URL",
    ),
    "process_env": Form(
        "js",
        "module.exports = {\n  url: process.env.APP_URL ?? 'http://localhost:1337',\n};\n",
        "module.exports = {\n  url: process.env.APP_URL ?? 'http://localhost:1337',\n};\n",
        "APP_URL",
    ),
    "the_variable_that_strapi_listens_on": Form(
        "js",
        'module.exports = ({ env }) => ({\n  url: env("HOST", "https://shop.example"),\n});\n',
        'module.exports = ({ env }) => ({\n  url: env("PUBLIC_URL", env("HOST", "https://shop.example")),\n});\n',
    ),
    "block_body": Form(
        "ts",
        """\
export default ({ env }) => {
  const host = env('HOST', '0.0.0.0');
  const names = ['a'].map((name) => { return name; });

  return {
    host,
    url: 'http://localhost:1337',
  };
};
""",
        """\
export default ({ env }) => {
  const host = env('HOST', '0.0.0.0');
  const names = ['a'].map((name) => { return name; });

  return {
    host,
    url: env('PUBLIC_URL', 'http://localhost:1337'),
  };
};
""",
    ),
    "bare_url_and_another_url_inside": Form(
        "ts",
        """\
export default ({ env }) => {
  const url = env("GITPOD_WORKSPACE_URL", "").replace("://", "://1337-"),
    config = {
      host: "localhost",
      url,
      admin: { url: `${url}/admin` },
    };
  return config;
};
""",
        """\
export default ({ env }) => {
  const url = env("GITPOD_WORKSPACE_URL", "").replace("://", "://1337-"),
    config = {
      host: "localhost",
      url: env("PUBLIC_URL", url),
      admin: { url: `${url}/admin` },
    };
  return config;
};
""",
    ),
    "function": Form(
        "js",
        "module.exports = function ({ env }) {\n\treturn {\n\t\tport: env.int('PORT', 1337)\n\t};\n};",
        "module.exports = function ({ env }) {\n\treturn {\n\t\tport: env.int('PORT', 1337),\n"
        "\t\turl: env('PUBLIC_URL', 'http://localhost:1337')\n\t};\n};",
    ),
    "default_function_with_a_renamed_env": Form(
        "ts",
        "export default function server({ env: e }: Given) {\n  return { url: e('') };\n}\n",
        "export default function server({ env: e }: Given) {\n  return { url: e('PUBLIC_URL') };\n}\n",
    ),
    "whole_argument": Form(
        "js",
        "module.exports = strapi => ({ port: 1337 });\n",
        "module.exports = strapi => ({ port: 1337, "
        "url: strapi.env('PUBLIC_URL', 'http://localhost:1337') });\n",
    ),
    "satisfies": Form(
        "ts",
        "export default (({ env }) => ({\n  host: 'a',\n} satisfies Server)) as Config;\n",
        "export default (({ env }) => ({\n  host: 'a',\n"
        "  url: env('PUBLIC_URL', 'http://localhost:1337'),\n} satisfies Server)) as Config;\n",
    ),
    "annotated_constant": Form(
        "ts",
        "const server: Config.Server = ({ env }) => ({ url: 'x' as string });\n\nexport default server;\n",
        "const server: Config.Server = ({ env }) => ({ url: env('PUBLIC_URL', 'x' as string) });\n\n"
        "export default server;\n",
    ),
    "typescript_export": Form(
        "ts",
        "export = ({ env }) => <Server>{ url: '' };\n",
        "export = ({ env }) => <Server>{ url: env('PUBLIC_URL', '') };\n",
    ),
    "imported_env": Form(
        "ts",
        "import { env } from '@strapi/utils';\nexport default () => ({ url: env('', 'x') });\n",
        "import { env } from '@strapi/utils';\nexport default () => ({ url: env('PUBLIC_URL', 'x') });\n",
    ),
    "object_without_env": Form(
        "js",
        "module.exports = {\n  host: '0.0.0.0',\n  port: 1337,\n};\n",
        "module.exports = {\n  host: '0.0.0.0',\n  port: 1337,\n"
        "  url: process.env.PUBLIC_URL || 'http://localhost:1337',\n};\n",
    ),
    "choice_without_env": Form(
        "js",
        "const server = {\n  url: live ? 'https://a' : 'http://b',\n};\nmodule.exports = server;\n",
        "const server = {\n  url: process.env.PUBLIC_URL || (live ? 'https://a' : 'http://b'),\n};\n"
        "module.exports = server;\n",
    ),
    "object_outside_the_function": Form(
        "js",
        "const server = { port: 1337 };\nmodule.exports = ({ env }) => server;\n",
        "const server = { port: 1337, url: process.env.PUBLIC_URL || 'http://localhost:1337' };\n"
        "module.exports = ({ env }) => server;\n",
    ),
    "remarks": Form(
        "js",
        """\
// config/server.js
module.exports = ({ env }) => ({
  /* where */ host: env('HOST'), // all
  port: env.int('PORT', 1337) /* a */ // the platform sets it
  // url: env('PUBLIC_URL'),
});
""",
        """\
// config/server.js
module.exports = ({ env }) => ({
  /* where */ host: env('HOST'), // all
  port: env.int('PORT', 1337), /* a */ // the platform sets it
  url: env('PUBLIC_URL', 'http://localhost:1337')
  // url: env('PUBLIC_URL'),
});
""",
    ),
    "windows_line_endings": Form(
        "js",
        "module.exports = ({ env }) => ({\r\n  port: env.int('PORT', 1337), // ü\r\n  app: {},\r\n});\r\n",
        "module.exports = ({ env }) => ({\r\n  port: env.int('PORT', 1337), // ü\r\n"
        "  url: env('PUBLIC_URL', 'http://localhost:1337'),\r\n  app: {},\r\n});\r\n",
    ),
    "byte_order_mark": Form(
        "js",
        "\ufeffmodule.exports = ({ env }) => ({ url: 'é' });\n",
        "\ufeffmodule.exports = ({ env }) => ({ url: env('PUBLIC_URL', 'é') });\n",
    ),
    "commas_first": Form(
        "js",
        "module.exports = ({ env }) => ({\n  host: 'a'\n  , port: 1337\n});\n",
        "module.exports = ({ env }) => ({\n  host: 'a'\n"
        "  , port: 1337, url: env('PUBLIC_URL', 'http://localhost:1337')\n});\n",
    ),
    "spread_before": Form(
        "js",
        "module.exports = ({ env }) => ({ ...base, url: 'x' });\n",
        "module.exports = ({ env }) => ({ ...base, url: env('PUBLIC_URL', 'x') });\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_url_reads_a_variable_and_nothing_else_changes(form: Form):
    after, variable = set_url(form.before.encode(), form.language)
    assert after == form.after.encode()
    assert variable == form.variable


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_second_edit_changes_nothing(form: Form):
    assert set_url(form.after.encode(), form.language) == (form.after.encode(), form.variable)


UNSAFE = {
    "call": ("export default defineServer({ port: 1337 });", "computes"),
    "two_returns": (
        "module.exports = ({ env }) => { if (env('X')) { return { a: 1 }; } return { b: 2 }; };",
        "more than one place",
    ),
    "no_return": ("module.exports = () => { start(); };", "in none"),
    "spread": ("module.exports = ({ env }) => ({ port: 1337, ...more });", "...more may set url"),
    "computed": ("module.exports = ({ env }) => ({ ['url']: 'x', port: 1337 });", "['url']: 'x' may set url"),
    "spread_after": ("module.exports = ({ env }) => ({ url: 'x', ...more });", "...more may set url"),
    "getter": ("module.exports = { get url() { return 'x'; } };", "get url()"),
    "changed_later": (
        "const config = { port: 1337 };\nconfig.url = 'x';\nmodule.exports = config;",
        "config is used in more than one place",
    ),
    "exported_twice": ("module.exports = { port: 1 };\nmodule.exports.url = 'x';", "one plain statement"),
    "not_exported": ("const config = { port: 1337 };", "one plain statement"),
    "imported": ("import config from './other';\nexport default config;", "config is used"),
    "empty": ("module.exports = {};", "empty object"),
}


@pytest.mark.parametrize(("source", "reason"), UNSAFE.values(), ids=UNSAFE)
def test_what_cannot_be_edited_safely_is_left_alone_with_the_reason(source: str, reason: str):
    with pytest.raises(CannotEdit, match=re.escape(reason)):
        set_url(source.encode(), "ts" if "export default" in source else "js")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("module.exports = {\n  port: 1337;\n};\n", "line 2:"),
        ("module.exports = ({ env }) => ({\n  port: 1337,\n", "lines 1 to 2:"),
    ],
)
def test_a_syntax_error_is_told_with_its_place(source: str, place: str):
    with pytest.raises(InputError, match=rf"config/server\.js has a syntax error in {place}"):
        set_url(source.encode(), "js", "config/server.js")


def test_bytes_that_are_no_utf8_stay():
    source = b"module.exports = { url: '\xff', };\n"
    assert set_url(source, "js").source == b"module.exports = { url: process.env.PUBLIC_URL || '\xff', };\n"


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
    form = FORMS["the_pages_own_bug"]
    assert unified("shop/config/server.js", form.before.encode(), form.after.encode()) == (
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
    shown = unified("server.js", before, set_url(before, "js").source)
    assert "hunter" not in shown
    assert "env('ADMIN_JWT_SECRET', \"•••\")" in shown
    assert "+  url: env('PUBLIC_URL', 'http://localhost:1337'),\n" in shown


def test_no_difference_is_no_diff():
    assert unified(".env", b"A=1\n", b"A=1\n", "PUBLIC_URL") == ""

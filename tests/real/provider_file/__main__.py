"""Write the JavaScript anew."""

from tests.real.provider_file import JAVASCRIPT, javascript

JAVASCRIPT.write_text(javascript(), encoding="utf-8")

"""The command ``instagram-login-kit``: the kit's terminal, even if another ``helpers`` is in the way."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def main() -> int:
    # A `helpers` of somebody's project comes first if their folder is on PYTHONPATH. It is not ours to run.
    sys.path.insert(0, str(_HERE))
    import helpers

    if not (helpers.__file__ and Path(helpers.__file__).resolve().parent == _HERE / "helpers"):
        where = helpers.__file__ or next(iter(helpers.__path__))
        print(
            f"Another package named helpers was installed over this kit's own: {where}\n"
            "Install the kit into a virtual environment of its own.",
            file=sys.stderr,
        )
        return 1
    from helpers.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())

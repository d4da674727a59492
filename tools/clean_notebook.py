"""What git keeps of a notebook: its text.

`make lab` tells git to ask this file (a clean filter), so that running and saving a notebook changes nothing
for git. Nothing but Python's own library is needed.

It reads a notebook from standard input and writes it to standard output.
"""

import json
import sys

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def clean(text: str) -> str:
    """Without outputs, counts and what differs by machine; what is no notebook stays as it is."""
    try:
        notebook = json.loads(text)
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
    except (ValueError, KeyError, TypeError):
        return text
    notebook["metadata"] = METADATA
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(clean(sys.stdin.read()))

"""How a notebook looks, as far as it can be measured: axe-core's findings, and what does not fit."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.lab import Notebook

NARROW = 1024  # pixels: a small laptop, or a projector
_OURS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"
# What is cut off or sticks out; a block that scrolls by itself may be as wide as it likes.
_TOO_WIDE = """selector => [...document.querySelectorAll(`${selector}, ${selector} *`)].filter(each => {
  const style = getComputedStyle(each);
  const sticksOut = each.clientWidth && each.scrollWidth > each.clientWidth + 1;
  return sticksOut && !["auto", "scroll"].includes(style.overflowX) && style.display !== "inline" &&
    !each.closest("input, svg, pre, select, .kit-block");
}).map(each => `${each.tagName.toLowerCase()}.${each.className}: ${each.textContent.slice(0, 60)}`)"""


def findings(notebook: Notebook) -> list[str]:
    """What is a serious obstacle for somebody who does not see well or uses no mouse, in our own outputs."""
    found: dict[str, Any] = Axe().run(notebook.page, context=_OURS).response
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def too_wide(notebook: Notebook) -> list[str]:
    found: list[str] = notebook.page.evaluate(_TOO_WIDE, _OURS)
    return found

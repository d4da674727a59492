"""How a notebook looks, as far as it can be measured: axe-core's findings, and what does not fit."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.support.lab import Notebook

NARROW = 1024  # pixels: a small laptop, or a projector
_OURS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"
# What is cut off or sticks out; a block that scrolls by itself may be as wide as it likes.
_TOO_WIDE = """selector => [...document.querySelectorAll(`${selector}, ${selector} *`)].filter(each => {
  const style = getComputedStyle(each);
  const sticksOut = each.clientWidth && each.scrollWidth > each.clientWidth + 1;
  return sticksOut && !["auto", "scroll"].includes(style.overflowX) && style.display !== "inline" &&
    !each.closest("input, svg, pre, select, .kit-block");
}).map(each => `${each.tagName.toLowerCase()}.${each.className}: ${each.textContent.slice(0, 60)}`)"""

# A field shows its whole value, or what it says while it is empty.
_CUT_OFF = """selector => [...document.querySelectorAll(`${selector} :is(input, select)`)].filter(each => {
  if (["checkbox", "radio"].includes(each.type) || !each.clientWidth) return false;
  const style = getComputedStyle(each);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontSize} ${style.fontFamily}`;
  const text = each.selectedOptions?.[0].text || each.value || each.placeholder;
  const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(text).width > room + 1;
}).map(each => `${each.value || each.placeholder}: ${each.clientWidth}`)"""
# The picture may be drawn smaller than it was made: how big is its text then?
_DRAWN = """() => [...document.querySelectorAll(
  ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedMermaid img")].map(image => {
  const shown = document.createElement("div");
  shown.innerHTML = decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1));
  document.body.append(shown);
  const size = parseFloat(getComputedStyle(shown.querySelector("text.messageText")).fontSize);
  const made = shown.querySelector("svg").viewBox.baseVal.width;
  shown.remove();
  return size * Math.min(1, image.clientWidth / made);
})"""


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


def cut_off(notebook: Notebook) -> list[str]:
    found: list[str] = notebook.page.evaluate(_CUT_OFF, _OURS)
    return found


def drawn_sizes(notebook: Notebook) -> list[float]:
    """Of the text in each diagram, in pixels."""
    found: list[float] = notebook.page.evaluate(_DRAWN)
    return found

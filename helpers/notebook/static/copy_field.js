// A value with a copy button; the text stays selectable in any case. A long one is folded until it is asked for.
const FOLDED = 20; // lines

function render({ model, el }) {
  const label = document.createElement("span");
  const value = document.createElement(model.get("multiline") ? "pre" : "code");
  const button = document.createElement("button");
  const said = document.createElement("span");
  const unfold = document.createElement("button");
  label.className = "kit-label";
  value.className = "kit-value";
  if (model.get("multiline")) {
    value.tabIndex = 0; // it scrolls by itself, so the keyboard must get there
    value.setAttribute("role", "region");
  }
  button.className = unfold.className = "kit-button";
  button.type = unfold.type = "button";
  said.className = "kit-said-beside";
  said.setAttribute("role", "status");
  // A scroll bar alone tells nobody that there is more: many systems hide it.
  const fold = (folded) => {
    const lines = model.get("value").trimEnd().split("\n").length;
    unfold.hidden = !model.get("multiline") || lines <= FOLDED;
    value.classList.toggle("kit-folded", folded && !unfold.hidden);
    unfold.textContent = folded ? `Show all ${lines} lines` : "Show less";
    unfold.setAttribute("aria-expanded", String(!folded));
  };
  unfold.onclick = () => fold(!value.classList.contains("kit-folded"));
  const show = () => {
    fold(true);
    label.textContent = model.get("label");
    value.textContent = model.get("value");
    if (model.get("multiline")) value.setAttribute("aria-label", model.get("label"));
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${model.get("label")}`);
    button.disabled = !model.get("value");
  };
  button.onclick = async () => {
    try {
      await copy(model.get("value"));
      said.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(value);
      said.textContent = "Press Ctrl+C";
    }
    setTimeout(() => (said.textContent = ""), 4000);
  };
  model.on("change", show);
  show();
  el.classList.add("kit-copy");
  el.classList.toggle("kit-block", model.get("multiline"));
  el.append(label, value, button, said, unfold);
}

export default { render };

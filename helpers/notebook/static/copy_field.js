// A value with a copy button; the text stays selectable in any case.
function render({ model, el }) {
  const label = document.createElement("span");
  const value = document.createElement(model.get("multiline") ? "pre" : "code");
  const button = document.createElement("button");
  const said = document.createElement("span");
  label.className = "kit-label";
  value.className = "kit-value";
  if (model.get("multiline")) {
    value.tabIndex = 0; // it scrolls by itself, so the keyboard must get there
    value.setAttribute("role", "region");
  }
  button.className = "kit-button";
  button.type = "button";
  said.className = "kit-said-beside";
  said.setAttribute("role", "status");
  const show = () => {
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
  el.append(label, value, button, said);
}

export default { render };

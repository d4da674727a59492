// A password field whose text never becomes widget state: it is sent as a message and then emptied.
function render({ model, el }) {
  const label = document.createElement("label");
  const name = document.createElement("span");
  const input = document.createElement("input");
  const said = document.createElement("span");
  name.className = "kit-label";
  input.type = "password";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.className = "kit-input";
  said.className = "kit-note";
  said.setAttribute("role", "status");
  const show = () => {
    name.textContent = model.get("label");
    input.placeholder = model.get("held") ? "••••••••" : "";
    said.textContent = model.get("status");
  };
  const send = () => {
    if (input.value) model.send({ kind: "secret", value: input.value });
    input.value = "";
  };
  // What was done with the former value is not about this one.
  input.oninput = () => model.send({ kind: "touched" });
  // Leaving the field sends it, so it is in the kernel before a button beside it is clicked.
  input.onchange = send;
  input.onkeydown = (event) => {
    event.stopPropagation(); // single letters are shortcuts of the notebook
    if (event.key === "Enter") {
      send();
      model.send({ kind: "enter" });
    }
  };
  model.on("change", show);
  show();
  label.append(name, input);
  el.classList.add("kit-secret");
  el.append(label, said);
}

export default { render };

// One page of the rehearsal's dashboard. What is typed stays in this page until something is pressed; a secret
// comes as a message when it is asked for, and goes with the page.
const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

function render({ model, el }) {
  const send = (kind, more) => model.send({ kind, ...more });
  const menu = make("nav", { ariaLabel: "Menu of the rehearsal's dashboard", className: "kit-meta-menu" });
  const said = make("div", { className: "kit-meta-said" });
  const body = make("div", { className: "kit-meta-page" });
  const dated = make("span", { className: "kit-meta-dated" });
  said.setAttribute("role", "status"); // stays in the page, also while empty: a new region is not announced
  let visit = null;

  const typed = () =>
    Object.fromEntries(
      [...body.querySelectorAll("[data-field]")]
        .filter((each) => each.type !== "radio" || each.checked)
        .map((each) => [each.dataset.field, each.value]),
    );

  const keyed = (node, key) => Object.assign(node, { onkeydown: (event) => event.stopPropagation() }) && (node.dataset.key = key, node);

  const button = ({ name, label, primary, current }) => {
    const node = keyed(make("button", { type: "button", textContent: label }), name);
    node.className = primary ? "kit-button kit-primary" : "kit-button";
    if (current) node.setAttribute("aria-current", "page");
    node.onclick = () => send("press", { name, typed: typed() });
    return node;
  };

  const copyable = (text, label) => {
    const node = make("button", { type: "button", className: "kit-button", textContent: "Copy" });
    node.setAttribute("aria-label", `Copy ${label}`);
    node.onclick = async () => {
      try {
        await copy(text());
        said.textContent = `${label} copied`;
      } catch {
        said.textContent = "Select the text and press Ctrl+C";
      }
    };
    return keyed(node, `copy-${label}`);
  };

  const input = (name, label) => {
    const node = keyed(make("input", { type: "text", className: "kit-input", autocomplete: "off", spellcheck: false }), `in-${name}`);
    node.dataset.field = name;
    node.setAttribute("aria-label", label);
    return node;
  };

  const row = (label, ...children) =>
    make("div", { className: "kit-meta-row" }, make("span", { className: "kit-meta-label", textContent: label }), ...children);

  const draw = {
    say: ({ text, tone }) => make(tone === "heading" ? "h4" : "p", { className: `kit-meta-${tone}`, textContent: text, tabIndex: -1 }),
    fact: ({ label, value }) =>
      row(label, make("code", { className: "kit-value", textContent: value }), ...(/^\d+$/.test(value) ? [copyable(() => value, label)] : [])),
    hidden: ({ name, label }) => {
      const value = make("code", { className: "kit-value", textContent: "••••••••" });
      const show = keyed(make("button", { type: "button", className: "kit-button", textContent: "Show" }), `show-${name}`);
      show.setAttribute("aria-label", `Show ${label}`);
      show.onclick = () => send("show", { name });
      const shown = row(label, value, show);
      shown.dataset.hidden = name;
      shown.open = (text) => {
        value.textContent = text;
        const copying = copyable(() => text, label);
        show.replaceWith(copying);
        copying.focus();
      };
      return shown;
    },
    field: ({ name, label }) => row(label, input(name, label)),
    choice: ({ name, label, options }) => {
      const group = make("fieldset", { className: "kit-meta-choice" }, make("legend", { textContent: label }));
      for (const value of options) {
        const radio = keyed(make("input", { type: "radio", name: `${name}-${model.model_id ?? ""}`, value }), `${name}-${value}`);
        radio.dataset.field = name;
        group.append(make("label", {}, radio, ` ${value}`));
      }
      return group;
    },
    chips: ({ name, label, values }) => {
      const list = make("ul", { className: "kit-meta-chips", ariaLabel: `${label}, entered` });
      for (const text of values) {
        const drop = keyed(make("button", { type: "button", className: "kit-button", textContent: "×" }), `drop-${name}-${text}`);
        drop.setAttribute("aria-label", `Remove ${text}`);
        drop.onclick = () => send("remove", { field: name, text });
        list.append(make("li", {}, make("span", { textContent: text }), drop));
      }
      const field = input(name, label);
      field.onkeydown = (event) => {
        event.stopPropagation(); // single letters are shortcuts of the notebook
        if (event.key !== "Enter") return;
        event.preventDefault();
        send("enter", { field: name, text: field.value });
        field.value = "";
      };
      return row(label, make("div", { className: "kit-meta-entry" }, ...(values.length ? [list] : []), field));
    },
    button,
  };

  const show = () => {
    const page = model.get("page");
    if (!page.elements) return;
    const inside = el.contains(document.activeElement);
    const key = inside && document.activeElement.dataset.key;
    const before = visit === page.visit ? [...body.querySelectorAll("[data-field]")] : [];
    const kept = before.map((each) => [each.dataset.key, each.value, each.checked]);
    dated.textContent = `Labels as of ${page.as_of}. Nothing here reaches Meta.`;
    menu.replaceChildren(...page.menu.map(button));
    const alerts = page.elements.filter((each) => each.tone === "alert");
    said.textContent = alerts.map((each) => each.text).join(" ");
    said.classList.toggle("kit-meta-alert", alerts.length > 0);
    body.replaceChildren(...page.elements.filter((each) => each.tone !== "alert").map((each) => draw[each.kind](each)));
    const find = (wanted) => [...el.querySelectorAll("[data-key]")].find((each) => each.dataset.key === wanted);
    for (const [wanted, value, checked] of kept) {
      const field = find(wanted);
      if (field) Object.assign(field, { value, checked });
    }
    if (inside) ((key && find(key)) || body.querySelector("h4, [data-key]"))?.focus();
    visit = page.visit;
  };
  model.on("change:page", show);
  model.on("msg:custom", (message) => {
    if (message.kind !== "shown") return;
    [...body.querySelectorAll("[data-hidden]")].find((each) => each.dataset.hidden === message.name)?.open(message.value);
  });
  const title = make("h3", { textContent: "Rehearsal of Meta's dashboard" });
  el.classList.add("kit-meta");
  el.append(make("section", { ariaLabel: "Rehearsal of Meta's dashboard" }, make("header", {}, title, dated), menu, said, body));
  show();
}

export default { render };

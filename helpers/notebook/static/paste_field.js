// A text area for pasted errors: secrets are masked while they appear, before anything leaves the page.
const MASK = "•••";
const REST = "[^&\\s\"'<>;,]";

function masker(names) {
  const any = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const patterns = [
    new RegExp(`(\\b(?!code=\\d{1,4}\\b)(?:raw%5B|raw\\[)?(?:${any})(?:%5D|\\])?=)(?=${REST}*[^•&\\s"'<>;,])${REST}+`, "gi"),
    new RegExp(`((["'])(?:${any})\\2\\s*:\\s*["'])(?!•+["'])[^"']+`, "gi"),
    /((?:\bbearer|--authtoken|\bauthtoken:)\s+)(?!•)[\w.~+/=-]{8,}/gi,
    /()\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
    /()\b(?:IGAA|IGQ[VW]|EAA)\w{12,}/g,
    /()\b[1-9]\w{20,}_\w{20,}\b/g,
    /()\b[0-9a-f]{32}\b/gi, // a client secret
  ];
  return (text) => patterns.reduce((shown, pattern) => shown.replace(pattern, (_, keep) => keep + MASK), text);
}

function render({ model, el }) {
  const label = document.createElement("label");
  const name = document.createElement("span");
  const area = document.createElement("textarea");
  const mask = masker(model.get("names"));
  let masked = false; // whether a secret was in what stands there now
  name.className = "kit-label";
  name.textContent = model.get("label");
  area.className = "kit-input kit-paste";
  area.rows = 4;
  area.autocomplete = "off";
  area.spellcheck = false;
  area.placeholder = model.get("placeholder");
  area.oninput = () => {
    const shown = mask(area.value);
    masked = shown.includes(MASK) && (masked || shown !== area.value);
    if (shown !== area.value) area.value = shown;
  };
  // Leaving the field sends it, so it is in the kernel before a button beside it is clicked.
  area.onchange = () => model.send({ kind: "text", value: mask(area.value), masked });
  area.onkeydown = (event) => event.stopPropagation(); // single letters are shortcuts of the notebook
  label.append(name, area);
  el.classList.add("kit-secret");
  el.append(label);
}

export default { render };

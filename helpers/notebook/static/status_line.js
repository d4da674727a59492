// One line that says how a step stands, announced to screen readers, with evidence and numbered fixes.
const WORDS = { ok: "OK", failed: "Failed", "not-yet": "Not yet", waiting: "Waiting", busy: "Working", note: "Note" };

function render({ model, el }) {
  const line = document.createElement("div");
  const word = document.createElement("strong");
  const text = document.createElement("span");
  const evidence = document.createElement("div");
  const fix = document.createElement("ol");
  const bar = document.createElement("div");
  line.setAttribute("role", "status"); // stays in the page, also while empty: a new region is not announced
  bar.className = "kit-bar";
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Working");
  evidence.className = "kit-evidence";
  line.append(word, text);
  const show = () => {
    // A widget whose kernel has ended stays in the page: it must not look alive.
    const ended = el.classList.contains("jupyter-widgets-disconnected");
    const kind = ended && model.get("kind") ? "ended" : model.get("kind");
    el.dataset.kind = kind;
    word.textContent = ended && kind ? "Old " : kind ? WORDS[kind] + " " : "";
    text.textContent = model.get("text");
    bar.hidden = kind !== "busy";
    evidence.textContent = model.get("evidence");
    evidence.hidden = !model.get("evidence");
    fix.replaceChildren(...model.get("fix").map((step) => Object.assign(document.createElement("li"), { textContent: step })));
    fix.hidden = !model.get("fix").length;
  };
  model.on("change", show);
  model.on("comm_live_update", show);
  show();
  el.classList.add("kit-status");
  el.append(line, bar, evidence, fix);
}

export default { render };

// Text that knows its place: links to headings of this notebook, a way back up, and a sign of life to the kernel.
const ALIVE = 60_000; // ms between two signs that this page is open
const FRAME = 60; // ms after which what was scrolled to is in the page
const STILL = 150; // ms without a move after which the page has found its heights
const PAUSE = 250; // ms after which the front end has done its own scrolling

// Every text of this kind that is in the page, with the kernel it belongs to.
const shown = (globalThis.kitGuides ??= new Map());

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const frameOf = (el) => {
  const notebook = el.closest(".jp-Notebook");
  return notebook?.querySelector(".jp-WindowedPanel-outer") ?? notebook;
};

// A cell that is scrolled away may be left out of the page, or stay in it without a place.
function heading(frame, wanted) {
  const all = frame.querySelectorAll(".jp-RenderedMarkdown :is(h1, h2, h3)");
  return [...all].find((each) => each.getClientRects().length && each.textContent.trim().startsWith(wanted));
}

// Whether the reader has begun to scroll by themselves; then nobody does it for them.
function readerMoves() {
  const reader = { moves: false };
  const names = ["wheel", "keydown", "pointerdown", "touchmove"];
  for (const name of names) addEventListener(name, () => (reader.moves = true), { once: true, capture: true });
  return reader;
}

// Cells that come into the page get their height only then, and move the heading: follow it until it stays.
async function lead(el, wanted) {
  const frame = frameOf(el);
  if (!frame) return;
  const reader = readerMoves();
  for (let top = 0; !heading(frame, wanted) && top < frame.scrollHeight; top += frame.clientHeight) {
    frame.scrollTop = top;
    await sleep(FRAME);
  }
  for (let quiet = 0; quiet < 4 * STILL && !reader.moves; quiet += STILL) {
    const before = frame.scrollTop;
    heading(frame, wanted)?.scrollIntoView({ block: "start" });
    if (Math.abs(frame.scrollTop - before) > 1) quiet = 0;
    await sleep(STILL);
  }
}

// The front end scrolls to the last cell when all have run. That cell may be out of the page: any other
// of the same notebook knows the way.
async function backToTheTop(manager) {
  const reader = readerMoves();
  for (let again = 1; again <= 6 && !reader.moves; again += 1) {
    await sleep(PAUSE);
    const place = [...shown].find(([el, its]) => its === manager && frameOf(el));
    if (place && !reader.moves) frameOf(place[0]).scrollTop = 0;
  }
}

function initialize({ model }) {
  const say = () => {
    try {
      model.send({ kind: "here" });
    } catch {
      // its kernel has ended
    }
  };
  say();
  const timer = setInterval(say, ALIVE);
  const back = () => {
    if (!model.get("back")) return;
    model.set("back", false);
    model.save_changes();
    backToTheTop(model.widget_manager);
  };
  model.on("change:back", back);
  back();
  return () => {
    clearInterval(timer);
    model.off("change:back", back);
  };
}

function render({ model, el }) {
  const body = document.createElement("div");
  const over = document.createElement("p");
  over.className = "kit-over";
  over.setAttribute("role", "status");
  shown.set(el, model.widget_manager);
  const show = () => {
    body.innerHTML = model.get("html"); // escaped by the kernel
    for (const link of body.querySelectorAll("[data-heading]")) {
      link.type = "button";
      link.onclick = () => lead(el, link.dataset.heading);
    }
  };
  // A widget whose kernel has ended stays in the page and looks alive.
  const live = () => {
    const ended = Boolean(el.closest(".jupyter-widgets-disconnected"));
    over.textContent = ended ? "The kernel has ended, and what stands here is old: press Run > Run All Cells." : "";
    body.hidden = ended;
  };
  model.on("change:html", show);
  const later = () => setTimeout(live, 50); // the frame around it is marked by another listener
  model.on("comm_live_update", later);
  const marked = new MutationObserver(live);
  marked.observe(el, { attributes: true, attributeFilter: ["class"] });
  show();
  el.classList.add("kit-guide");
  el.append(over, body);
  live();
  return () => {
    shown.delete(el);
    marked.disconnect();
    model.off("comm_live_update", later);
  };
}

export default { initialize, render };

// Text that knows its place: links to headings of this notebook, a way back up, and a sign of life to the kernel.
const ALIVE = 60_000; // ms between two signs that this page is open
const PAUSE = 250; // ms after which the front end has done its own scrolling

const notebookOf = (el) => el.closest(".jp-Notebook");

function heading(el, wanted) {
  const all = notebookOf(el)?.querySelectorAll(".jp-RenderedMarkdown :is(h1, h2, h3)") ?? [];
  return [...all].find((each) => (wanted ? each.textContent.trim().startsWith(wanted) : true));
}

// What is scrolled away may be out of the page: then look for it from the top on.
async function lead(el, wanted) {
  const frame = notebookOf(el)?.querySelector(".jp-WindowedPanel-outer") ?? notebookOf(el);
  for (let top = 0; frame && !heading(el, wanted) && top < frame.scrollHeight; top += frame.clientHeight) {
    frame.scrollTop = top;
    await new Promise((done) => setTimeout(done, 60));
  }
  const found = heading(el, wanted);
  found?.scrollIntoView({ block: "start" });
  return Boolean(found);
}

// The front end scrolls to the last cell when all have run, some time after this is shown.
function backToTheTop(el) {
  let theirs = false; // whether the reader has begun to scroll
  const stop = () => (theirs = true);
  for (const name of ["wheel", "keydown", "pointerdown"]) addEventListener(name, stop, { once: true, capture: true });
  for (let again = 1; again <= 6; again += 1) {
    setTimeout(() => theirs || lead(el, ""), again * PAUSE);
  }
}

function initialize({ model }) {
  const say = () => model.send({ kind: "here" });
  say();
  const timer = setInterval(say, ALIVE);
  return () => clearInterval(timer);
}

function render({ model, el }) {
  const body = document.createElement("div");
  const over = document.createElement("p");
  over.className = "kit-over";
  over.setAttribute("role", "status");
  const show = () => {
    body.innerHTML = model.get("html"); // escaped by the kernel
    for (const link of body.querySelectorAll("[data-heading]")) {
      link.type = "button";
      link.onclick = () => lead(el, link.dataset.heading);
    }
  };
  // A widget whose kernel has ended stays in the page and looks alive.
  const live = () => {
    const ended = el.classList.contains("jupyter-widgets-disconnected");
    over.textContent = ended ? "The kernel has ended, and what stands here is old: press Run > Run All Cells." : "";
    body.hidden = ended;
  };
  model.on("change:html", show);
  model.on("comm_live_update", live);
  show();
  el.classList.add("kit-guide");
  el.append(over, body);
  live();
  if (model.get("back")) {
    model.set("back", false);
    model.save_changes();
    backToTheTop(el);
  }
  return () => model.off("comm_live_update", live);
}

export default { initialize, render };

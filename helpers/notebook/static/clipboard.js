// ipywidgets has no clipboard. Put before the scripts that copy.
async function copy(text) {
  // Missing on plain-http pages that are not loopback, such as some hubs.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not allowed");
}

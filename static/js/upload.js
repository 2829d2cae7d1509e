// The page of an upload: while the file is read, its progress is fetched anew every second or so.

const part = document.getElementById("progress");
const SLOWEST_MS = 15_000;
let wait = 800;

async function look() {
  try {
    const answer = await fetch(part.dataset.url, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    part.innerHTML = await answer.text(); // our own template, escaped there
    part.querySelectorAll("details").forEach((one, at) => (one.open = opened[at] ?? false));
    wait = 800;
    const state = part.querySelector(".upload-state").dataset.state;
    if (state !== "waiting" && state !== "reading") {
      if (state === "failed") location.reload(); // the form that maps its columns is outside of this part
      return;
    }
  } catch {
    wait = Math.min(SLOWEST_MS, wait * 2);
  }
  soon();
}

function soon() {
  setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", look, { once: true }) : look()), wait);
}

if (part.dataset.underWay) soon();

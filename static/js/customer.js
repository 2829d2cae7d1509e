// The customer's page: takes its changing part from the server every few seconds, and draws the driver once that is shown.

const values = JSON.parse(document.getElementById("values").textContent);
const state = document.getElementById("state");
const canvas = document.getElementById("map");
const button = document.getElementById("show-map");
const SLOW_MS = 120_000; // after failures, at the most
let etag = "";
let failures = 0;
let map = null;
let wanted = !navigator.connection?.saveData; // who saves data asks for the map by the button

function places() {
  return JSON.parse(document.getElementById("places").textContent);
}

async function draw() {
  const shown = places();
  const any = Boolean(shown.position);
  button.hidden = !any || wanted;
  canvas.hidden = !any || !wanted;
  if (canvas.hidden) return;
  map ??= open();
  (await map)?.show(shown);
}

async function open() {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = `${values.vendor}maplibre-gl/dist/maplibre-gl.css`;
  document.head.append(sheet);
  try {
    const { TripMap } = await import("./trip/map.js");
    return await TripMap.open(canvas, values);
  } catch {
    wanted = false; // no WebGL here: the words say it all
    canvas.hidden = true;
    return null;
  }
}

async function look() {
  try {
    const answer = await fetch(`${location.pathname}/state${location.search}`, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", credentials: "omit" });
    if (answer.status === 404) return location.reload(); // the server has a page that says it kindly
    if (!answer.ok && answer.status !== 304) throw new Error(`${answer.status}`);
    failures = 0;
    if (answer.status === 200) {
      etag = answer.headers.get("ETag") ?? "";
      const text = await answer.text();
      // only when something changed: a screen reader is told of each change
      if (text.trim() !== state.innerHTML.trim()) state.innerHTML = text;
      draw();
    }
  } catch {
    failures += 1;
  }
  return soon();
}

function soon() {
  const base = values.poll_s * 1000;
  const wait = Math.min(SLOW_MS, base * 2 ** Math.min(failures, 5)) * (0.9 + 0.2 * Math.random());
  setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", look, { once: true }) : look()), wait);
}

button.addEventListener("click", () => {
  wanted = true;
  draw();
});
draw();
if (values.poll_s) soon();

// The page of one run: while it goes on it asks every second how it goes, and shows state, cost curve and routes.

import { drawCurve } from "./routes/curve.js";

const ASK_MS = 1000;
const SLOW_MS = 15_000; // after failures, at the most
const values = JSON.parse(document.getElementById("run-values").textContent);
const canvas = document.getElementById("plan-map");
const text = (id, value) => {
  const element = document.getElementById(id);
  if (element.textContent !== value) element.textContent = value;
};
let shown = JSON.parse(document.getElementById("run-shown").textContent);
let failures = 0;
let stage = null;

function show() {
  const last = shown.progress.at(-1);
  text("run-state", shown.stopping ? "Stopping" : shown.words);
  text("run-cost", last ? last[1].toFixed(1) : "—");
  text("run-planned", shown.planned ?? (shown.routes.length ? String(shown.routes.reduce((sum, route) => sum + route.stops, 0)) : "—"));
  text("run-unserved", String(shown.unserved ?? last?.[2] ?? "—"));
  text("curve-text", drawCurve(document.getElementById("curve"), shown.progress, shown.live ? shown.seconds : 0));
  const bar = document.getElementById("run-bar");
  const share = Math.min(1, (shown.elapsed_s ?? 0) / shown.seconds);
  bar.hidden = !shown.live;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  document.getElementById("run-bar-fill").setAttribute("width", String(100 * share));
  draw();
}

async function draw() {
  canvas.hidden = !shown.routes.length && !shown.live;
  if (!shown.routes.length) return;
  stage ??= import("./routes/map.js").then(({ RouteMap }) => RouteMap.open(canvas, values)).catch(() => null);
  const map = await stage;
  if (map) map.show(shown.routes);
  canvas.hidden = !map;
  document.getElementById("map-words").hidden = Boolean(map);
}

async function look() {
  try {
    const answer = await fetch(values.state_url, { cache: "no-store", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    failures = 0;
    const was = shown;
    shown = await answer.json();
    if (was.live && !shown.live) return await ended();
    show();
  } catch {
    failures += 1;
  }
  return soon();
}

// What came of it is the server's to say: the page comes anew around the map, which stays as it is.
async function ended() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const place = fresh.querySelector("#plan-map");
    const before = [...fresh.childNodes].slice(0, [...fresh.childNodes].indexOf(place));
    const after = [...fresh.childNodes].slice(before.length + 1);
    for (const node of [...canvas.parentNode.childNodes]) if (node !== canvas) node.remove();
    canvas.before(...before);
    canvas.after(...after);
    shown = JSON.parse(document.getElementById("run-shown").textContent);
    show();
    watch();
  } catch {
    location.reload();
  }
}

function soon() {
  if (!shown.live) return;
  setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", look, { once: true }) : look()), Math.min(SLOW_MS, ASK_MS * 2 ** Math.min(failures, 4)));
}

show();
soon();
watch();

function watch() {
  const curve = document.getElementById("curve");
  new ResizeObserver(() => drawCurve(curve, shown.progress, shown.live ? shown.seconds : 0)).observe(curve);
}

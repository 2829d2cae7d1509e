// A stranger's page of one trip: asks every few seconds how it goes, says it in words, draws it where that is allowed.

import { sentences } from "./trip/sentences.js";

const SLOW_MS = 60_000; // after failures, at the most
const values = JSON.parse(document.getElementById("trip-values").textContent);
const page = document.getElementById("follow");
const canvas = document.getElementById("map");
let etag = "";
let failures = 0;
let stage = null;

function put(id, text) {
  const element = document.getElementById(id);
  if (element.textContent.trim() !== text) element.textContent = text;
}

function show(facts) {
  const said = sentences(facts, new Date());
  put("headline", said.headline);
  put("when", said.when);
  put("band", said.band);
  put("hint", said.hint);
  document.getElementById("hint").hidden = !said.hint;
  page.dataset.state = facts.state;
  page.toggleAttribute("data-late", Boolean(facts.delayed));
  draw(facts);
}

async function draw(facts) {
  if (!canvas) return;
  const drawn = facts.state === "on_its_way" && Boolean(facts.position || facts.destination);
  canvas.hidden = !drawn;
  if (!drawn) return;
  stage ??= import("./trip/map.js").then(({ TripMap }) => TripMap.open(canvas, values)).catch(() => null);
  const map = await stage;
  if (map) map.show(facts);
  else canvas.hidden = true; // no WebGL here: the words above say it all
}

async function look() {
  try {
    const answer = await fetch(values.state_url, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", credentials: "omit" });
    if (answer.status === 404) return gone();
    if (answer.status === 429 || answer.status >= 500) throw new Error(`${answer.status}`);
    failures = 0;
    if (answer.status !== 304) {
      etag = answer.headers.get("ETag") ?? "";
      values.shown = await answer.json();
    }
    show(values.shown);
  } catch {
    failures += 1;
    if (failures > 2) put("hint", "The connection is lost. Trying again…");
    document.getElementById("hint").hidden = failures <= 2 && !document.getElementById("hint").textContent;
  }
  return soon();
}

function soon() {
  // nothing follows an ended trip but the end of the link
  const base = (values.shown.poll_s ?? 5) * 1000 * (values.shown.state === "on_its_way" ? 1 : 12);
  const wait = Math.min(Math.max(SLOW_MS, base), base * 2 ** Math.min(failures, 5));
  setTimeout(() => (document.hidden ? waitForEyes() : look()), wait * (0.9 + 0.2 * Math.random()));
}

function waitForEyes() {
  document.addEventListener("visibilitychange", () => look(), { once: true });
}

function gone() {
  location.reload(); // the server has a page that says it kindly
}

show(values.shown);
soon();

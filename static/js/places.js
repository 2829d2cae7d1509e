// Doubtful places, one after the other: choose one, put the pin where it belongs, save, and the next is there.
// The page of a single place uses the same map beside its own form.

import { PlaceMap } from "./places/map.js";

const values = JSON.parse(document.getElementById("places-values").textContent);
const by = (id) => document.getElementById(id);
const list = by("list");
const form = by("form") ?? by("place-form");
const latitude = by("f-latitude") ?? by("id_latitude");
const longitude = by("f-longitude") ?? by("id_longitude");
const places = new Map(values.places.map((place) => [place.id, place]));
let map = null;
let current = null;

function say(text) {
  by("hint").textContent = text;
  by("hint").hidden = !text;
}

function moved(place) {
  if (!form) return;
  latitude.value = place.latitude;
  longitude.value = place.longitude;
}

function typed() {
  const at = [longitude.valueAsNumber, latitude.valueAsNumber];
  if (Number.isFinite(at[0]) && Number.isFinite(at[1]) && Math.abs(at[1]) <= 90) map?.typed(...at);
}

function choose(id) {
  const place = places.get(id);
  if (!place) return finish();
  current = place;
  for (const link of list.querySelectorAll("a")) {
    if (link.dataset.id === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  say(place.longitude === null ? "Nobody knows where this is. Click on the map." : "");
  if (!by("form")) return map?.show(place);
  form.hidden = false;
  by("f-name").textContent = place.name;
  by("f-hub").textContent = place.hub;
  by("f-doubt").textContent = `${place.doubt}.`;
  by("f-address").value = place.address;
  latitude.value = place.latitude ?? "";
  longitude.value = place.longitude ?? "";
  by("f-error").hidden = true;
  map?.show(place); // now that the form has taken its room
  return undefined;
}

function next() {
  const links = [...list.querySelectorAll("a")];
  const at = links.findIndex((link) => link.dataset.id === current?.id);
  const link = links[at + 1] ?? links[0];
  if (!link) return finish();
  choose(link.dataset.id);
  link.scrollIntoView({ block: "nearest" });
  return link;
}

function finish() {
  current = null;
  if (by("form")) form.hidden = true;
  say("Nothing is left to look at.");
}

async function save(event) {
  event.preventDefault();
  const place = current;
  const done = by("f-save");
  done.disabled = true;
  try {
    const answer = await fetch(place.set_url, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin" });
    const body = await answer.json().catch(() => ({ detail: "You may be signed out: load the page anew." }));
    if (!answer.ok || answer.redirected) return refused(body.detail ?? `The server answered ${answer.status}.`);
    const link = list.querySelector(`[data-id="${place.id}"]`);
    const following = next();
    link.closest("li").remove();
    places.delete(place.id);
    if (!following || following === link) finish();
    by("left").textContent = body.left ? `${body.left.toLocaleString("en")} left.` : "Nothing waits: every place is sure enough.";
    if (!places.size && body.left) location.reload(); // there are more than were listed
  } catch {
    refused("The server cannot be reached. Try again.");
  } finally {
    done.disabled = false;
  }
  return undefined;
}

function refused(text) {
  by("f-error").textContent = text;
  by("f-error").hidden = false;
}

function swap() {
  [latitude.value, longitude.value] = [longitude.value, latitude.value];
  typed();
}

if (form) for (const field of [latitude, longitude]) field.addEventListener("change", typed);
if (list) {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    choose(link.dataset.id);
  });
  by("f-swap")?.addEventListener("click", swap);
  by("f-skip")?.addEventListener("click", next);
  if (by("form")) form.addEventListener("submit", save);
}
const first = values.places[0];
try {
  map = await PlaceMap.open(by("map"), values, moved);
} catch {
  say("The map needs WebGL, which this browser does not offer. Latitude and longitude can be typed.");
}
if (list && first) choose(first.id);
else if (first) map?.show(first);
document.documentElement.dataset.places = "ready";

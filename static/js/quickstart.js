// The panel that waits for a first position, of any device or of the one the page names: it listens on the live
// socket and turns into the dot. Where the page has an address to ask, it also says why a report was not kept.

import { LiveSocket } from "./live/socket.js";
import { placeText } from "./live/words.js";
import { SmallMap } from "./quickstart/small_map.js";

const values = JSON.parse(document.getElementById("live").textContent);
const panel = document.getElementById("watch");
const line = panel.querySelector("[data-status]");
const facts = document.getElementById("watch-facts");
const world = new SmallMap(document.getElementById("world"), values.countries);
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

let newest = null; // the device whose position is shown
let names = new Map(); // id -> what to call it; later frames may carry no name
let complete = false; // the snapshot is in: what comes now is new
const wanted = values.device ?? null; // the external id of the only device to look for
const WAITING = wanted ? `Waiting for the first position of ${wanted}…` : "Waiting for your first position…";

function say(state, text) {
  panel.dataset.state = state;
  line.textContent = text;
}

function fact(name, text) {
  panel.querySelector(`[data-fact="${name}"]`).textContent = text;
}

function show(device, arrived) {
  newest = device;
  const name = names.get(device.id);
  fact("device", name);
  fact("position", placeText(device.longitude, device.latitude));
  fact("recorded", clock.format(new Date(device.recorded_at)));
  fact("request", device.request_id ?? "—");
  facts.hidden = false;
  document.getElementById("watch-next").hidden = false;
  document.getElementById("watch-trouble").hidden = true;
  if (refused) refused.hidden = true;
  document.getElementById("watch-device").href = `/console/devices/${device.id}/`;
  say("here", arrived ? `There it is: ${name}` : `Last seen here: ${name}. Waiting for the next position.`);
  world.show(device.longitude, device.latitude, name);
}

function take(frame) {
  let latest = null;
  for (const device of frame.devices ?? []) {
    const name = device.name || device.external_id;
    if (name) names.set(device.id, name);
    if (wanted && device.external_id !== wanted) continue;
    if (!Number.isFinite(device.recorded_at) || !Number.isFinite(device.longitude)) continue;
    if (!latest || device.received_at >= latest.received_at) latest = device;
  }
  if (latest && (complete || !newest || latest.received_at > newest.received_at)) show(latest, complete);
  if (frame.type === "snapshot" && frame.complete) {
    complete = true;
    if (!newest) say("waiting", WAITING);
  }
}

function tell({ state }) {
  if (state === "connecting") complete = false;
  if (state === "live" && newest && panel.dataset.state === "cut") show(newest, false);
  if (state === "waiting" || state === "offline") say("cut", "The connection is cut; trying again…");
  if (state === "signed-out") say("cut", "You are signed out. Sign in again to watch.");
  if (state === "no-access") say("cut", "You have no access to this environment any more.");
  if (state === "too-many") say("cut", "Too many live pages are open. Close some and reload this one.");
}

new LiveSocket(values.socket, { onFrame: take, onState: tell }).connect();

// Positions come by the socket. What was set aside does not, so while nothing has come this asks for it.
const refused = document.getElementById("watch-refused");
const ASK_EVERY_MS = 4000;

async function ask() {
  if (newest && complete) return;
  try {
    const answer = await fetch(panel.dataset.check, { headers: { Accept: "application/json" } });
    const said = answer.ok ? await answer.json() : {};
    refused.hidden = !said.reason;
    for (const part of refused.querySelectorAll("[data-refused]")) {
      part.textContent = said[part.dataset.refused] ?? "";
    }
    if (said.reason && !newest) say("waiting", "A report came, but it was not kept:");
  } catch {
    // the socket says that the connection is cut
  }
  setTimeout(ask, ASK_EVERY_MS);
}

if (panel.dataset.check) ask();

// The driver's page: draws what the phone's book says, and keeps the book in step with the server.

import { onDone } from "./driver/actions.js";
import * as api from "./driver/api.js";
import { merged } from "./driver/day.js";
import { button } from "./driver/elements.js";
import { follow } from "./driver/report.js";
import { dayScreen, deliverScreen, failScreen, signInScreen, stopScreen } from "./driver/screens.js";
import * as store from "./driver/store.js";
import * as sync from "./driver/sync.js";

const screen = document.getElementById("screen");
const told = document.getElementById("told");
const where = { name: "day", stop: null };
let network = { state: "sent" };
let drawnAs = "";

/** Draw again; a form that somebody fills in is left alone unless they go elsewhere. */
async function draw({ force = false } = {}) {
  const { day, actions, refused } = await store.everything();
  bar(day, actions);
  if (network.state === "signed_out") return put("signed out", signInScreen(actions.length), force);
  const manifest = merged(day, actions);
  follow(manifest?.state === "in_progress" ? day.report : null, tell);
  const stop = manifest?.stops.find((one) => one.stop === where.stop);
  const open = stop && ["planned", "arrived"].includes(stop.state);
  const tools = { go, dismiss: (id) => store.dismiss(id).then(() => draw()) };
  if (where.name === "stop" && stop) return put(`stop ${JSON.stringify(stop)}`, stopScreen(manifest, stop, tools), force);
  if (where.name === "deliver" && open) return put(`deliver ${where.stop}`, deliverScreen(day, stop, tools), force);
  if (where.name === "fail" && open) return put(`fail ${where.stop}`, failScreen(day, stop, tools), force);
  where.name = "day";
  const waiting = day ? "" : "waiting";
  return put(`day ${waiting} ${JSON.stringify([manifest, refused, day?.difference])}`, dayScreen(day ?? {}, manifest, refused, tools), force);
}

function put(as, elements, force) {
  if (as === drawnAs && !force) return;
  const same = as.split(" ")[0] === drawnAs.split(" ")[0];
  const top = scrollY;
  drawnAs = as;
  screen.replaceChildren(...elements.filter(Boolean));
  scrollTo(0, same ? top : 0);
}

function bar(day, actions) {
  document.getElementById("who").textContent = day?.driver?.name ?? "Milepost";
  const place = document.getElementById("sync");
  const waiting = actions.length ? `${actions.length} to send` : "";
  const text = { sent: waiting || "All sent", sending: waiting || "Sending", offline: `No network${waiting ? `, ${waiting}` : ""}`, signed_out: "Signed out" }[network.state];
  place.dataset.state = actions.length && network.state === "sent" ? "sending" : network.state;
  if (place.textContent !== text) place.textContent = text;
}

async function go(name, stop = null) {
  const from = where.name;
  Object.assign(where, { name, stop });
  await draw({ force: true });
  if (from !== name) history[from === "day" ? "pushState" : "replaceState"]({ ...where }, "");
  screen.focus({ preventScroll: true });
}

addEventListener("popstate", ({ state }) => {
  Object.assign(where, state ?? { name: "day", stop: null });
  draw({ force: true });
});

function tell(text) {
  told.textContent = text;
  told.hidden = !text;
}

function menu() {
  const leave = button("Sign out", async () => {
    const { actions } = await store.everything();
    if (actions.length) return tell(`${actions.length} things you did are not sent yet: find a network first.`);
    if (!confirm("Sign this phone out? You need a new code to sign in again.")) return undefined;
    await api.signOut().catch(() => {});
    await store.forgetAll();
    network = { state: "signed_out" };
    return draw({ force: true });
  }, "button.quiet.leave");
  document.body.append(leave);
}

onDone(() => {
  draw();
  sync.now();
});
menu();
draw();
navigator.storage?.persist?.();
navigator.serviceWorker?.register("/d/worker.js", { scope: "/d/" }).catch((error) => tell(`This page will not open without a network: ${error.message}`));
sync.start((state) => {
  network = state;
  draw();
});

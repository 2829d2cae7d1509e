// Tells the server what was done, the oldest first, and hears what the day is now. One at a time, also with two tabs.

import * as api from "./api.js";
import { sender } from "./sending.js";
import * as store from "./store.js";

const SOON_MS = 3_000;
const QUIET_MS = 30_000;
const SLOW_MS = 120_000;

let timer = null;
let failures = 0;
let listener = () => {};

/** `listener({state: "sending" | "sent" | "offline" | "signed_out"})` after each try. */
export function start(whoListens) {
  listener = whoListens;
  addEventListener("online", () => now());
  document.addEventListener("visibilitychange", () => document.hidden || now());
  return now();
}

/** Try at once. */
export function now() {
  clearTimeout(timer);
  return navigator.locks ? navigator.locks.request("milepost-driver-sync", round) : round();
}

async function round() {
  clearTimeout(timer);
  try {
    const sent = await all();
    failures = 0;
    listener({ state: "sent" });
    later(sent ? SOON_MS : QUIET_MS);
  } catch (error) {
    if (error instanceof api.SignedOut) return listener({ state: "signed_out" });
    if (!(error instanceof api.NoNetwork)) console.error(error);
    failures += 1;
    listener({ state: "offline" });
    later(Math.min(SLOW_MS, SOON_MS * 2 ** Math.min(failures, 6)));
  }
  return undefined;
}

function later(ms) {
  timer = setTimeout(now, ms * (0.9 + 0.2 * Math.random()));
}

const send = sender({
  tell: api.tell,
  put: async (action) => {
    for (const id of action.proofs ?? []) await putProof(id);
  },
  settle: (actions, { answers, day }) => store.settle(answers, actions, day),
  setAside: store.setAside,
  leavePictures: async (action) => {
    for (const id of action.proofs ?? []) await store.dropProof(id);
  },
  alive: async () => store.keepFact("day", await api.day()),
});

/** Whether there was anything to tell. */
async function all() {
  const actions = (await store.waiting()).sort((a, b) => a.number - b.number);
  if (!actions.length) {
    await store.keepFact("day", await api.day());
    return false;
  }
  listener({ state: "sending" });
  await send(actions);
  return true;
}

async function putProof(id) {
  const proof = await store.proof(id);
  if (!proof) return; // told already
  try {
    await api.put(proof);
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    console.warn(`a picture was refused: ${error.message}`); // the delivery itself must not wait for it for ever
  }
  await store.dropProof(id);
}

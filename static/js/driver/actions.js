// What the driver does, written into the phone's book first: from then on it cannot get lost.

import { keepAction } from "./store.js";

let changed = () => {};

/** Whoever wants to know that something was done. */
export function onDone(listener) {
  changed = listener;
}

/** Note that something was done now; `proofs` are [{kind, blob}]. */
export async function note(kind, facts = {}, proofs = []) {
  const now = Date.now();
  const pictures = proofs.map(({ kind: what, blob }) => ({ id: crypto.randomUUID(), kind: what, blob, stop: facts.stop, at_ms: now }));
  const action = { id: crypto.randomUUID(), kind, at_ms: now, ...facts, proofs: pictures.map(({ id }) => id) };
  const place = await here();
  if (place) action.place = place;
  await keepAction(action, pictures);
  changed();
}

let last = null;

/** The newest position, told by whoever watches it. */
export function seenAt(coords) {
  last = { at: Date.now(), longitude: coords.longitude, latitude: coords.latitude, accuracy_m: coords.accuracy };
}

async function here() {
  if (!last || Date.now() - last.at > 120_000) return null;
  const { longitude, latitude, accuracy_m } = last;
  return { longitude, latitude, accuracy_m };
}

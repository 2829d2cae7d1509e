// The phone's own book: the day as last heard, what was done and not told yet, pictures, and positions not sent.

const NAME = "milepost-driver";
const VERSION = 1;
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const book = request.result;
      book.createObjectStore("facts");
      book.createObjectStore("actions", { keyPath: "number" });
      book.createObjectStore("refused", { keyPath: "id" });
      book.createObjectStore("proofs", { keyPath: "id" });
      book.createObjectStore("fixes", { autoIncrement: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Run `work` with the stores named, in one transaction; resolves once it is on disk, with what `work` gave. */
async function inside(names, mode, work) {
  const book = await open();
  return new Promise((resolve, reject) => {
    const transaction = book.transaction(names, mode, { durability: "strict" });
    const stores = names.map((name) => transaction.objectStore(name));
    let result;
    transaction.oncomplete = () => resolve(result instanceof IDBRequest ? result.result : result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    result = work(...stores);
  });
}

export const fact = (name) => inside(["facts"], "readonly", (facts) => facts.get(name));
export const keepFact = (name, value) => inside(["facts"], "readwrite", (facts) => facts.put(value, name));

/** The day as heard last, what was done since in order, and what was refused. */
export async function everything() {
  const [day, actions, refused] = await Promise.all([
    fact("day"),
    inside(["actions"], "readonly", (store) => store.getAll()),
    inside(["refused"], "readonly", (store) => store.getAll()),
  ]);
  return { day, actions, refused };
}

/** Keep an action and its pictures; its number follows the last, in the same transaction, also after all were sent. */
export function keepAction(action, proofs = []) {
  return inside(["facts", "actions", "proofs"], "readwrite", (facts, actions, pictures) => {
    const request = facts.get("number");
    request.onsuccess = () => {
      const number = (request.result ?? 0) + 1;
      facts.put(number, "number");
      actions.add({ ...action, number });
      for (const proof of proofs) pictures.put(proof);
    };
  });
}

export const waiting = () => inside(["actions"], "readonly", (store) => store.getAll());
export const proof = (id) => inside(["proofs"], "readonly", (store) => store.get(id));
export const dropProof = (id) => inside(["proofs"], "readwrite", (store) => store.delete(id));

/** The server has answered: what is done is forgotten, what was refused is kept to be shown, the day is the new one. */
export function settle(answers, actions, day) {
  return inside(["facts", "actions", "refused"], "readwrite", (facts, waitingOnes, refused) => {
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    const inOrder = answers.length === actions.length; // one for each, in the order in which they were sent
    actions.forEach((action, place) => {
      const answer = inOrder ? answers[place] : byId.get(action.id);
      if (!answer) return;
      waitingOnes.delete(action.number);
      if (answer.outcome === "refused") refused.put(shown(action, answer.refusal));
    });
    facts.put(day, "day");
  });
}

/** What will never be taken: it waits no more, and is shown until the driver has seen it. */
export function setAside(action, why) {
  return inside(["actions", "refused", "proofs"], "readwrite", (waitingOnes, refused, pictures) => {
    waitingOnes.delete(action.number);
    refused.put(shown(action, why));
    for (const id of action.proofs ?? []) pictures.delete(id);
  });
}

const shown = ({ id, kind, stop, at_ms }, refusal) => ({ id, kind, stop, refusal, at_ms });

export const dismiss = (id) => inside(["refused"], "readwrite", (store) => store.delete(id));

const MOST_FIXES = 5000;

export async function keepFix(fix) {
  const count = await inside(["fixes"], "readonly", (store) => store.count());
  await inside(["fixes"], "readwrite", (store) => {
    store.add(fix);
    if (count < MOST_FIXES) return;
    store.openCursor().onsuccess = ({ target }) => target.result?.delete(); // the oldest makes room
  });
}

/** Up to so many of the oldest positions, as [key, fix]. */
export async function fixes(most) {
  const [keys, values] = await Promise.all([
    inside(["fixes"], "readonly", (store) => store.getAllKeys(null, most)),
    inside(["fixes"], "readonly", (store) => store.getAll(null, most)),
  ]);
  return keys.map((key, index) => [key, values[index]]);
}

export const dropFixes = (keys) => inside(["fixes"], "readwrite", (store) => keys.forEach((key) => store.delete(key)));

/** Nothing of this driver stays on the phone. */
export function forgetAll() {
  const names = ["facts", "actions", "refused", "proofs", "fixes"];
  return inside(names, "readwrite", (...stores) => stores.forEach((store) => store.clear()));
}

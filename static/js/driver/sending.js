// Sends what was done in the order in which it was done. What the server cannot take is set apart, alone: the rest goes on.

import { Fault, Refused } from "./api.js";

const AT_ONCE = 50;
const PATIENCE = 3; // so often in a row the server may fail before one of the actions is suspected

/**
 * A sender; call it with all that waits, the oldest first. It gives nothing, and throws what has to be tried again later.
 *
 * `tell(actions)` and `put(action)`, which sends its pictures, throw Refused, Fault or anything else; `settle(actions,
 * told)` keeps what came of it; `setAside(action, why)` is for what will never be taken, `leavePictures(action)` for pictures
 * without which it may; `alive()` throws while the server takes nothing from anybody.
 */
export function sender({ tell, put, settle, setAside, leavePictures, alive }) {
  let faults = 0;
  const alone = new Map(); // id → how often it failed by itself while the server was well

  return async (actions) => {
    const round = { checked: false, left: null };
    for (let begin = 0; begin < actions.length; begin += AT_ONCE) await some(actions.slice(begin, begin + AT_ONCE), round);
    if (round.left) throw round.left;
    faults = 0;
  };

  async function some(part, round) {
    let sent = false;
    try {
      for (const action of part) await put(action);
      sent = true;
      await settle(part, await tell(part));
    } catch (error) {
      await suspect(error, round);
      if (part.length === 1) return apart(part[0], error, round, sent);
      const half = part.length >> 1;
      await some(part.slice(0, half), round);
      await some(part.slice(half), round);
    }
    return undefined;
  }

  /** Throws the error unless one of the actions may be what it comes from. */
  async function suspect(error, round) {
    if (error instanceof Refused) return;
    if (!(error instanceof Fault)) throw error;
    if (!round.checked && ++faults < PATIENCE) throw error;
    if (!round.checked) await alive();
    round.checked = true;
  }

  async function apart(action, error, round, sent) {
    const times = (alone.get(action.id) ?? 0) + 1;
    const over = !(error instanceof Fault) || times >= PATIENCE;
    alone.set(action.id, over ? 0 : times);
    if (over && sent) return setAside(action, error instanceof Fault ? "The server fails with it again and again." : error.message);
    if (over) await leavePictures(action); // the delivery itself is worth more than its picture
    round.left = error;
    return undefined;
  }
}

// Telling the server: in order, and one action that it cannot take holds up none of the others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault, NoNetwork, Refused, SignedOut } from "../../../../static/js/driver/api.js";
import { sender } from "../../../../static/js/driver/sending.js";

const actions = (count) => Array.from({ length: count }, (_, n) => ({ id: `a${n + 1}`, number: n + 1 }));

/** A server that fails with what `fails(action)` gives for one of the actions, and a phone's book. */
function ground(count, fails, { put = () => null, alive = () => null } = {}) {
  const seen = { taken: [], aside: [], bare: [], requests: 0, asked: 0 };
  let waiting = actions(count);
  const drop = (gone) => (waiting = waiting.filter((one) => !gone.includes(one.id)));
  const send = sender({
    tell: async (part) => {
      seen.requests += 1;
      const error = part.map(fails).find(Boolean);
      if (error) throw error;
      return part;
    },
    put: async (action) => {
      const error = seen.bare.includes(action.number) ? null : put(action);
      if (error) throw error;
    },
    settle: async (part) => {
      seen.taken.push(...part.map(({ number }) => number));
      drop(part.map(({ id }) => id));
    },
    setAside: async ({ id, number }, why) => {
      seen.aside.push([number, why]);
      drop([id]);
    },
    leavePictures: async ({ number }) => seen.bare.push(number),
    alive: async () => {
      seen.asked += 1;
      const error = alive();
      if (error) throw error;
    },
  });
  return { seen, round: () => send(waiting), left: () => waiting.map(({ number }) => number) };
}

const only = (number, error) => (action) => (action.number === number ? error : null);
const rest = (count, without) => actions(count).map(({ number }) => number).filter((number) => number !== without);

test("what is well is sent fifty at once, in order", async () => {
  const { seen, round } = ground(120, () => null);
  await round();
  assert.deepEqual(seen.taken, rest(120));
  assert.equal(seen.requests, 3);
});

for (const bad of [1, 26, 50, 51, 60]) {
  test(`the others go on in order where action ${bad} is refused`, async () => {
    const { seen, round, left } = ground(60, only(bad, new Refused(400, "no such thing")));
    await round();
    assert.deepEqual(seen.taken, rest(60, bad));
    assert.deepEqual(seen.aside, [[bad, "no such thing"]]);
    assert.deepEqual(left(), []);
    assert.ok(seen.requests < 16, `${seen.requests} requests`);
  });
}

test("a server that fails with one action takes the others after a while, and gives that one up at last", async () => {
  const { seen, round, left } = ground(60, only(7, new Fault("500")));
  for (const _ of [1, 2]) await assert.rejects(round(), Fault);
  assert.deepEqual(seen.taken, [], "it may only be starting again");
  for (const _ of [3, 4]) await assert.rejects(round(), Fault);
  assert.deepEqual(seen.taken, rest(60, 7));
  assert.deepEqual(left(), [7]);
  await round();
  assert.equal(seen.aside[0][0], 7);
  assert.deepEqual(left(), []);
});

test("a server that is down, a phone without a network and one that is signed out lose nothing and ask little", async () => {
  const down = ground(60, () => new Fault("502"), { alive: () => new Fault("502") });
  for (let n = 0; n < 20; n += 1) await assert.rejects(down.round(), Fault);
  assert.deepEqual([down.seen.aside, down.left().length, down.seen.requests], [[], 60, 20]);
  for (const error of [new NoNetwork("?"), new SignedOut()]) {
    const { seen, round, left } = ground(60, () => error);
    for (let n = 0; n < 20; n += 1) await assert.rejects(round(), error.constructor);
    assert.deepEqual([seen.aside, left().length, seen.requests, seen.asked], [[], 60, 20, 0]);
  }
});

test("a fault that passes is forgotten", async () => {
  let broken = true;
  const { seen, round, left } = ground(3, () => (broken ? new Fault("503") : null));
  for (const _ of [1, 2]) await assert.rejects(round(), Fault);
  broken = false;
  await round();
  assert.deepEqual([seen.taken, seen.aside, left()], [[1, 2, 3], [], []]);
});

test("a picture at which the server fails holds up its own delivery alone, and that only for a while", async () => {
  const { seen, round } = ground(5, () => null, { put: only(2, new Fault("500")) });
  for (let n = 0; n < 5; n += 1) await assert.rejects(round(), Fault);
  assert.deepEqual([seen.taken, seen.bare], [[1, 3, 4, 5], [2]]);
  await round();
  assert.deepEqual([seen.taken, seen.aside], [[1, 3, 4, 5, 2], []]);
});

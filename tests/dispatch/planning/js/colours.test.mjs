// Colours of routes on the map: one a driver for as long as somebody looks, and over the end of the run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { colourOf, isBroken, Numbers } from "../../../../static/js/routes/colours.js";

const routes = (...drivers) => drivers.map((driver) => ({ driver }));
const storage = (first = {}) => {
  const kept = new Map(Object.entries(first));
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
};

test("a driver keeps the colour while others come, go and change places", () => {
  const numbers = new Numbers();
  assert.deepEqual(numbers.number(routes("a", "b", "c")), [0, 1, 2]);
  assert.deepEqual(numbers.number(routes("c", "d", "b")), [2, 3, 1]);
  assert.deepEqual(numbers.number(routes("a")), [0]);
});

test("the page that comes after the run's end knows them still, another run's does not", () => {
  const kept = storage();
  new Numbers(kept, "colours:one").number(routes("b", "a"));
  assert.deepEqual(new Numbers(kept, "colours:one").number(routes("a", "b", "c")), [1, 0, 2]);
  assert.deepEqual(new Numbers(kept, "colours:two").number(routes("a", "b")), [0, 1]);
});

test("a storage that is broken, full or forbidden costs nothing", () => {
  assert.deepEqual(new Numbers(storage({ "colours:x": "{" }), "colours:x").number(routes("a")), [0]);
  const full = { getItem: () => null, setItem: () => { throw new Error("full"); } };
  assert.deepEqual(new Numbers(full, "x").number(routes("a", "b")), [0, 1]);
});

test("after twelve colours the lines are broken", () => {
  assert.equal(colourOf(0), colourOf(12));
  assert.deepEqual([isBroken(0), isBroken(12)], [false, true]);
});

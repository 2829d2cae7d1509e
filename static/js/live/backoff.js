// How long to wait before the next attempt to connect. Pure.

export const FIRST_MS = 500;
export const LONGEST_MS = 15_000;

/** Milliseconds before attempt number `attempt` (0 is the first). `random` is 0..1: maps must not return in step. */
export function waitBefore(attempt, random) {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}

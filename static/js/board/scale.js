// Between times and places across the Gantt. Pure.

const HOUR_MS = 3_600_000;
export const LATE_SHOWN_S = 60; // less is not worth a colour

/** The share (0..1, or outside) of [from, to) at which `ms` lies. */
export function shareOf([from, to], ms) {
  return (ms - from) / (to - from);
}

/** {left, width} in per cent, never thinner than `least` per cent. */
export function spanOf(range, from, to, least = 0) {
  const left = shareOf(range, from) * 100;
  return { left, width: Math.max((shareOf(range, to) - shareOf(range, from)) * 100, least) };
}

const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => (minutes * HOUR_MS) / 60);
const TICK_PX = 52; // "14:05" and air beside it

/** Epoch ms of the times to name from the range's begin, a full hour of the hub, where `pxPerMs` leaves them room. */
export function ticksIn([from, to], pxPerMs) {
  const step = STEPS_MS.find((ms) => ms * pxPerMs >= TICK_PX) ?? STEPS_MS.at(-1);
  const ticks = [];
  for (let at = from; at < to; at += step) ticks.push(at);
  return ticks;
}

/** "14:05" in an IANA zone; one formatter a zone, for they are dear to make. */
const formats = new Map();
export function clock(ms, timezone) {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timezone });
    formats.set(timezone, format);
  }
  return format.format(ms);
}

/** "+12 min" behind a slot; "" where on time. */
export function lateText(lateS) {
  return lateS >= LATE_SHOWN_S ? `+${Math.round(lateS / 60)} min` : "";
}

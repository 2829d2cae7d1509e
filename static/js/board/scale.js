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

/** Epoch ms of each hour from the range's begin, which is a full hour of the hub, so that no more than `most` are named. */
export function hoursIn([from, to], most = 24) {
  const step = HOUR_MS * Math.max(1, Math.ceil((to - from) / HOUR_MS / most));
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

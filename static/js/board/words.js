// What the board says of stops, targets and costs. Pure.

import { clock, lateText } from "./scale.js";

const TERMS = {
  distance: "Distance", duration: "Time", fixed: "Vehicles", overtime: "Overtime", late: "Late",
  early: "Early", unserved: "Left out", change: "Change of plan", fairness: "Fairness",
};
const STATES = { planned: "planned", arrived: "there now", delivered: "delivered", failed: "attempt failed" };

/** "12 · 14:05 Fern Road 3, Asha, slot 14:00–16:00, +12 min". */
export function stopSentence(stop, driver, timezone) {
  const parts = [stop.name];
  if (stop.address) parts.push(stop.address);
  if (driver) parts.push(`stop ${stop.place} of ${driver.name} at ${clock(stop.at, timezone)}`);
  if (stop.slot) parts.push(`slot ${slotText(stop.slot, timezone)}`);
  if (lateText(stop.late_s ?? 0)) parts.push(`${lateText(stop.late_s)} late`);
  if (driver) parts.push(STATES[stop.state] ?? stop.state);
  if (stop.doubt) parts.push(stop.doubt);
  return parts.join(", ");
}

export function slotText([from, to], timezone) {
  return `${clock(from, timezone)}–${clock(to, timezone)}`;
}

/** "to Ravi, before Fern Road 3", "to Ravi, at the end", "off the plan". */
export function targetSentence(plan, target) {
  if (!target) return "nowhere";
  if (target.to === "") return "off the plan";
  const driver = plan.drivers.get(target.to);
  const next = target.before ? plan.get(target.before)?.stop : null;
  return `to ${driver.name}, ${next ? `before ${next.place}, ${next.name}` : "at the end"}`;
}

/** [{name, text, before, after, delta}] of the terms that matter, in a fixed order. */
export function termsOf({ before, after }) {
  return Object.keys({ ...before.terms, ...after.terms })
    .sort((a, b) => Object.keys(TERMS).indexOf(a) - Object.keys(TERMS).indexOf(b))
    .map((name) => {
      const was = before.terms[name] ?? 0;
      const now = after.terms[name] ?? 0;
      return { name, text: TERMS[name] ?? name, before: was, after: now, delta: now - was };
    })
    .filter((term) => term.before || term.after);
}

/** "+1.24", "−0.30", "±0" of a cost in the environment's own units. */
export function signed(cost) {
  if (Math.abs(cost) < 0.005) return "±0";
  return `${cost < 0 ? "−" : "+"}${amount(Math.abs(cost))}`;
}

export function amount(cost) {
  return cost.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** What is heard while a stop is carried. */
export function costSentence(weighed) {
  const fresh = weighed.violations.filter((violation) => violation.new);
  const rules = fresh.length ? `; breaks ${fresh.length}: ${fresh.map((one) => one.text).join("; ")}` : "; breaks nothing";
  return `${signed(weighed.after.total - weighed.before.total)} cost units${rules}`;
}

// The trip a device is on, in a line or two. Pure.

import { distanceText, spanText } from "../live/words.js";
import { moment } from "./alert_book.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Sentences about the trips under way: where to, when there, how late. */
export function tripLines(trips, now) {
  const lines = [];
  for (const trip of trips) {
    if (trip.state !== "active" && trip.state !== "arrived") continue;
    const name = trip.destination_name || trip.destination?.name || trip.external_id || "its destination";
    if (trip.state === "arrived") {
      lines.push(`Arrived at ${name}${at(trip.arrived_at)}.`);
      continue;
    }
    lines.push(`On its way to ${name}.`);
    lines.push(estimate(trip, now));
  }
  return lines.filter(Boolean);
}

function estimate(trip, now) {
  const eta = moment(trip.eta_at ?? trip.eta?.at ?? trip.eta);
  const due = moment(trip.scheduled_at);
  if (eta === null) return due === null ? "" : `Due${at(due)}, no estimate yet.`;
  const rest = distanceText(trip.remaining_m);
  const late = due !== null && eta > due ? `, ${spanText(eta - due)} late` : "";
  return `There in ${spanText(Math.max(0, eta - now))}${at(eta)}${late}${rest ? `, ${rest} to go` : ""}.`;
}

function at(value) {
  const ms = moment(value);
  return ms === null ? "" : ` at ${clock.format(ms)}`;
}

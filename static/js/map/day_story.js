// A device's day in words and bars: moving and stopped, trips, stays in zones. Pure.

import { distanceText, spanText } from "../live/words.js";
import { moment } from "./alert_book.js";

const TRIP_TEXT = { active: "on its way", arrived: "arrived", completed: "completed", cancelled: "cancelled" };

/**
 * [{lane, kind, from, to, title, detail, place}] of a day's answer in order of time, cut to [from, to) and to `now`,
 * the present or the moment whose knowledge is asked for: what goes on has no end yet, and no future.
 */
export function entriesOf(day, [from, end], now) {
  const to = Math.max(from, Math.min(end, now));
  const entries = [
    ...(day.segments ?? []).map(motion),
    ...(day.trips ?? []).map((trip) => journey(trip, to)),
    ...(day.visits ?? []).map((visit) => stay(visit, to)),
  ];
  return entries
    .filter((entry) => entry.from !== null && entry.from < to && entry.to >= from)
    .map((entry) => ({ ...entry, from: Math.max(from, entry.from), to: Math.min(to, entry.to) }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

function motion({ kind, from, to, distance_m, longitude, latitude }) {
  const moving = kind === "moving";
  const [began, ended] = [moment(from), moment(to)];
  const detail = moving ? distanceText(distance_m) : spanText(ended - began);
  const place = Number.isFinite(longitude) && Number.isFinite(latitude) ? [longitude, latitude] : null;
  return { lane: "Motion", kind, from: began, to: ended, title: moving ? "Moving" : "Stopped", detail, place };
}

function journey(trip, end) {
  const name = trip.destination_name || trip.destination?.name || trip.external_id || "a destination";
  const began = moment(trip.started_at ?? trip.from);
  const ended = moment(trip.ended_at ?? trip.exited_at ?? trip.to) ?? end;
  return { lane: "Trips", kind: "trip", from: began, to: ended, title: `Trip to ${name}`, detail: TRIP_TEXT[trip.state] ?? trip.state ?? "", place: null };
}

function stay({ name, from, to }, end) {
  const [began, ended] = [moment(from), moment(to)];
  const detail = ended === null ? "still inside" : spanText(ended - began);
  return { lane: "Zones", kind: "visit", from: began, to: ended ?? end, title: name ?? "A zone", detail, place: null };
}

/** What was going on at a moment, as one sentence's parts: ["Stopped", "in Depot north", "trip to Harbour"]. */
export function during(entries, ms) {
  const now = entries.filter((entry) => entry.from <= ms && ms < entry.to);
  const said = now.filter((entry) => entry.lane === "Motion").map((entry) => entry.title);
  for (const entry of now) if (entry.lane === "Zones") said.push(`in ${entry.title}`);
  for (const entry of now) if (entry.lane === "Trips") said.push(entry.title.replace("Trip", "trip"));
  return said;
}

/** [{name, bars: [{entry, left, width}]}] as shares of [from, to), lanes without a bar left out. Overlaps get a lane more. */
export function lanesOf(entries, [from, to]) {
  const lanes = [];
  for (const name of ["Motion", "Trips", "Zones"]) {
    const rows = [];
    for (const entry of entries.filter((one) => one.lane === name)) {
      const bar = { entry, left: (entry.from - from) / (to - from), width: (entry.to - entry.from) / (to - from) };
      const row = rows.find((one) => one.at(-1).entry.to <= entry.from);
      if (row) row.push(bar);
      else rows.push([bar]);
    }
    rows.slice(0, 3).forEach((bars, at) => lanes.push({ name, first: at === 0, bars }));
  }
  return lanes;
}

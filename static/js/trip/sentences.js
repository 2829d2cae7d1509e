// What is said of a trip to whoever waits for it, in the reader's own time and words. Pure.

const HEADLINES = { on_its_way: "On its way", arrived: "Arrived", cancelled: "Cancelled", ended: "This trip has ended" };

/** {headline, when, band, hint} of the facts of a link, at a time. */
export function sentences(facts, now, locale = undefined) {
  const clock = (text) => clockTime(new Date(text), now, locale);
  const said = { headline: HEADLINES[facts.state] ?? HEADLINES.ended, when: "", band: "", hint: "" };
  if (facts.state === "arrived") said.when = facts.arrived_at ? `Arrived at ${clock(facts.arrived_at)}` : "";
  else if (facts.state === "cancelled") said.when = "It will not come.";
  else if (facts.state !== "on_its_way") said.when = "There is nothing to follow any more.";
  if (facts.state !== "on_its_way") return said;
  if (facts.delayed) said.headline = "On its way, later than planned";
  said.when = facts.eta_at ? `Expected ${until(new Date(facts.eta_at), now)}, about ${clock(facts.eta_at)}` : "The time of arrival is not known yet.";
  // where times are rounded, the two may be one
  if (facts.eta_latest_at && facts.eta_latest_at !== facts.eta_at) said.band = `80 % by ${clock(facts.eta_latest_at)}`;
  said.hint = hint(facts, now);
  return said;
}

function hint(facts, now) {
  if (facts.silent) {
    const at = facts.position?.recorded_at;
    return at ? `Last heard of ${minutes(now - new Date(at))} ago.` : "Not heard of for a while.";
  }
  if (facts.withheld) return "The exact place is shown when it is near.";
  return facts.position ? "" : "Its place is shown from its first position on this way.";
}

function until(eta, now) {
  const left = eta - now;
  return left < 60_000 ? "any moment" : `in ${minutes(left)}`;
}

function minutes(milliseconds) {
  const whole = Math.max(1, Math.round(milliseconds / 60_000));
  if (whole < 60) return whole === 1 ? "a minute" : `${whole} minutes`;
  const hours = Math.floor(whole / 60);
  const rest = whole % 60;
  if (hours >= 24) return `${Math.round(hours / 24)} days`;
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

function clockTime(moment, now, locale) {
  const sameDay = moment.toDateString() === now.toDateString();
  const day = sameDay ? {} : { weekday: "short" };
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...day }).format(moment);
}

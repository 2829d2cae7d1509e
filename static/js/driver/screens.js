// What the page shows: the day, one stop, the forms to deliver and to fail. Drawn anew from what is known at each change.

import { note } from "./actions.js";
import { news, nextStop, progress, stopOfLabel, takers } from "./day.js";
import { button, element, field } from "./elements.js";
import { scan } from "./scan.js";
import { signature, smaller } from "./sign.js";
import { clock, kilometres, minorOf, money, navigation, reasonText, size, slotText, stateText } from "./telling.js";

/** The day as a list of elements; `go(screen, stop)` shows another one. */
export function dayScreen(day, manifest, refused, { go, dismiss }) {
  if (!manifest) return [refusals(refused, dismiss), element("section.card", element("h1", "No stops for you yet"), element("p", "Your stops appear here as soon as they are released. This page may stay open."))];
  const zone = manifest.hub?.timezone;
  const next = manifest.state === "done" ? null : nextStop(manifest);
  return [
    refusals(refused, dismiss),
    announcement(day, manifest),
    head(manifest, zone),
    next && manifest.state !== "released" ? stopCard(next, zone, { go, next: true }) : null,
    stopList(manifest, zone, go),
  ];
}

function refusals(refused, dismiss) {
  if (!refused.length) return null;
  const items = refused.map((one) => element("li", element("strong", kindText(one.kind)), `: ${one.refusal} `, button("I have seen it", () => dismiss(one.id))));
  return element("section.card.bad", { role: "alert" }, element("h2", "Not taken"), element("p", "Tell your supervisor: the office does not have this."), element("ul", items));
}

const kindText = (kind) => ({ deliver: "Delivery", fail: "Failed attempt", arrive: "Arrival", begin: "Start", acknowledge: "Confirmation", scan: "Scan" })[kind] ?? kind;

function announcement(day, manifest) {
  const change = news(day, manifest);
  if (!change) return null;
  const parts = [["added", "new"], ["removed", "taken off"], ["moved", "in another place"]].filter(([name]) => change[name]).map(([name, text]) => `${change[name]} ${text}`);
  const what = change.first ? `${manifest.stops.length} stops` : parts.join(", ") || "Other times";
  return element(
    "section.card.new",
    element("h2", change.first ? "Your stops are here" : "Your stops have changed"),
    element("p", what),
    button(change.first ? "I have seen them" : "I have seen the change", () => note("acknowledge", { manifest: manifest.manifest, version: manifest.version }), "button.big.primary"),
  );
}

function head(manifest, zone) {
  const done = progress(manifest);
  const facts = [`${done.delivered} delivered`, done.failed ? `${done.failed} not delivered` : "", `${done.left} to go`, kilometres(manifest.distance_m ?? 0)].filter(Boolean);
  const begins = ["released", "acknowledged"].includes(manifest.state);
  return element(
    "section.card",
    element("h1", manifest.state === "done" ? "All done" : `${done.total} stops`),
    element("progress", { max: Math.max(1, done.total), value: done.total - done.left, "aria-label": "Stops done" }),
    element("p.small", facts.join(" · ")),
    manifest.ends_at && manifest.state !== "done" ? element("p.small", `Planned until ${clock(manifest.ends_at, zone)}`) : null,
    element(
      "div.row",
      begins && manifest.acknowledged ? button("Set out", () => note("begin", { manifest: manifest.manifest }), "button.big.primary") : null,
      manifest.state === "done" ? null : button("Scan parcels", () => scanParcels(manifest)),
    ),
  );
}

function scanParcels(manifest) {
  const seen = new Set(manifest.stops.filter((stop) => stop.scanned).map((stop) => stop.stop));
  scan((text) => {
    const stop = stopOfLabel(manifest, text);
    if (!stop) return `${text.slice(0, 40)} is not one of yours.`;
    if (seen.has(stop.stop)) return `Stop ${stop.place} again: ${stop.recipient || stop.address}`;
    seen.add(stop.stop);
    note("scan", { stop: stop.stop, code: text.slice(0, 100) });
    return `Stop ${stop.place}: ${stop.recipient || stop.address}. ${seen.size} of ${manifest.stops.length}.`;
  });
}

function stopCard(stop, zone, { go, next = false }) {
  const arrived = stop.state === "arrived";
  return element(
    next ? "section.card.next" : "section.card",
    element("p.small", next ? `${arrived ? "You are at" : "Next"}: stop ${stop.place}` : `Stop ${stop.place} · ${stateText(stop.state)}`),
    element("h2", stop.recipient || stop.external_id || "Delivery"),
    element("p.address", stop.address || `${stop.latitude.toFixed(5)}, ${stop.longitude.toFixed(5)}`),
    element("p", element("strong", slotText(stop.slot, zone)), ` · planned ${clock(stop.planned_arrival, zone)}`, stop.attempt > 1 ? ` · attempt ${stop.attempt}` : ""),
    element("p.small", [stop.external_id, size(stop.size)].filter(Boolean).join(" · ")),
    stop.sender_note ? element("p.note", element("strong", "Sender: "), stop.sender_note) : null,
    stop.note ? element("p.note", element("strong", "Customer: "), stop.note) : null,
    stop.cash_minor ? element("p.cash", `Collect ${money(stop.cash_minor, stop.currency)}`) : null,
    element("div.row", element("a.button", { href: navigation(stop, navigator.userAgent) }, "Navigate"), stop.phone ? element("a.button", { href: `tel:${stop.phone.replace(/[^+\d]/g, "")}` }, "Call") : null),
    ["planned", "arrived"].includes(stop.state)
      ? element(
          "div.row",
          arrived ? null : button("I am there", () => note("arrive", { stop: stop.stop }), "button.big"),
          button("Deliver", () => go("deliver", stop.stop), arrived ? "button.big.primary" : "button"),
          button("Could not deliver", () => go("fail", stop.stop)),
        )
      : null,
  );
}

function stopList(manifest, zone, go) {
  const items = manifest.stops.map((stop) =>
    element(
      "li",
      { "data-state": stop.state },
      element(
        "button.line",
        { type: "button", onclick: () => go("stop", stop.stop) },
        element("span.place", `${stop.place}`),
        element("span.what", element("span", stop.recipient || stop.address || stop.external_id || "Delivery"), element("span.small", stop.address)),
        element("span.small.end", stop.state === "planned" ? clock(stop.eta ?? stop.planned_arrival, zone) : stateText(stop.state), stop.pending ? " …" : ""),
      ),
    ),
  );
  return element("section.card", element("h2", "All stops"), element("ol.stops", items));
}

/** One stop. */
export function stopScreen(manifest, stop, { go }) {
  return [button("‹ All stops", () => go("day"), "button.quiet"), stopCard(stop, manifest.hub?.timezone, { go })];
}

/** The form by which a parcel is handed over. `day.proofs` says what must be there. */
export function deliverScreen(day, stop, { go }) {
  const needs = new Set(day.proofs ?? []);
  const recipient = handedTo(stop);
  const photo = element("input", { type: "file", accept: "image/*", capture: "environment" });
  const pad = signature();
  const code = element("input", { type: "text", inputmode: "numeric", autocomplete: "off", maxlength: 10 });
  const cash = element("input", { type: "text", inputmode: "decimal", value: stop.cash_minor ? money(stop.cash_minor, "").trim() : "" });
  const wrong = element("p.problem", { role: "alert", hidden: true });
  const refuse = (text) => {
    wrong.textContent = text;
    wrong.hidden = false;
    return null;
  };
  const done = async () => {
    const signed = await pad.blob();
    const cashMinor = stop.cash_minor ? minorOf(cash.value, stop.currency) : 0;
    if (cashMinor === null) return refuse("How much did you collect? Enter an amount, 0 for nothing.");
    if (needs.has("photo") && !photo.files.length) return refuse("Take a photo first.");
    if (needs.has("signature") && !signed) return refuse("Let the recipient sign first.");
    if (needs.has("code") && !code.value.trim()) return refuse("Ask the recipient for the code first.");
    const proofs = signed ? [{ kind: "signature", blob: signed }] : [];
    for (const file of photo.files) {
      const blob = await smaller(file).catch(() => null);
      if (!blob) return refuse("The photo cannot be read. Take another one.");
      proofs.push({ kind: "photo", blob });
    }
    await note("deliver", { stop: stop.stop, recipient: recipient.value(), code: code.value.trim(), cash_minor: cashMinor }, proofs);
    return go("day");
  };
  return [
    button("‹ Back", () => go("stop", stop.stop), "button.quiet"),
    element(
      "form.card",
      { onsubmit: (event) => (event.preventDefault(), done()) },
      element("h1", "Deliver"),
      element("p", `Stop ${stop.place}: ${stop.recipient || stop.address}`),
      stop.cash_minor ? field(`Cash collected (${money(stop.cash_minor, stop.currency)} due)`, cash) : null,
      recipient.element,
      field(needs.has("code") ? "Delivery code" : "Delivery code, if the recipient has one", code),
      field(needs.has("photo") ? "Photo" : "Photo, if you like", photo),
      element("div.field", element("span.label", needs.has("signature") ? "Signature" : "Signature, if you like"), pad.element),
      wrong,
      element("button.big.primary", { type: "submit" }, "Delivered"),
    ),
  ];
}

/** Who took it: nothing until the driver says so, by one tap or in words. {element, value()}. */
function handedTo(stop) {
  const words = element("input", { type: "text", maxlength: 200, autocomplete: "off", placeholder: "or somebody else" });
  const choices = takers(stop).map((name) => button(name, () => choose(words.value === name ? "" : name), "button.chip"));
  const mark = () => choices.forEach((choice) => choice.setAttribute("aria-pressed", choice.textContent === words.value.trim()));
  const choose = (name) => {
    words.value = name;
    mark();
  };
  words.addEventListener("input", mark);
  mark();
  const parts = field("Handed to", words);
  words.before(element("div.chips", choices));
  return { element: parts, value: () => words.value.trim() };
}

/** The form by which it is said why a parcel could not be handed over. */
export function failScreen(day, stop, { go }) {
  const reasons = day.reasons.map((reason, index) => element("label.choice", element("input", { type: "radio", name: "reason", value: reason, required: index === 0 }), reasonText(reason)));
  const words = element("textarea", { maxlength: 500, rows: 3 });
  const photo = element("input", { type: "file", accept: "image/*", capture: "environment" });
  const wrong = element("p.problem", { role: "alert", hidden: true });
  const done = async (form) => {
    const reason = new FormData(form).get("reason");
    const text = words.value.trim();
    if (reason === "other" && text.length < 3) {
      wrong.textContent = "Say in a few words why.";
      wrong.hidden = false;
      return;
    }
    const proofs = [];
    for (const file of photo.files) {
      const blob = await smaller(file).catch(() => null);
      if (blob) proofs.push({ kind: "photo", blob });
    }
    await note("fail", { stop: stop.stop, reason, note: text }, proofs);
    go("day");
  };
  return [
    button("‹ Back", () => go("stop", stop.stop), "button.quiet"),
    element(
      "form.card",
      { onsubmit: (event) => (event.preventDefault(), done(event.target)) },
      element("h1", "Could not deliver"),
      element("p", `Stop ${stop.place}: ${stop.recipient || stop.address}`),
      element("fieldset", element("legend", "Why?"), reasons),
      field("More about it", words),
      field("Photo, if you like", photo),
      wrong,
      element("button.big.primary", { type: "submit" }, "Not delivered"),
    ),
  ];
}

/** Before the phone is signed in, or after it was signed out; what waits to be told stays. */
export function signInScreen(waiting) {
  const go = (text) => {
    const path = /\/d\/in\/[\w-]+/.exec(text)?.[0];
    if (!path) return "This is not the code that your supervisor shows.";
    location.href = path;
    return null;
  };
  return [
    element(
      "section.card",
      element("h1", "Sign in"),
      element("p", "Your supervisor shows you a code, or sends you a link. It works once, on one phone."),
      waiting ? element("p.note", `${waiting} things you did are kept on this phone, and told once you are signed in again as the same person.`) : null,
      button("Scan the code", () => scan(go), "button.big.primary"),
    ),
  ];
}

// The day as the driver knows it: as last heard from the server, with what was done since laid over it. Pure.

const OVER = new Set(["delivered", "failed", "removed"]);

/** The manifest with actions that the server does not know of yet; `day` and its stops are not changed. */
export function merged(day, actions) {
  if (!day?.manifest) return null;
  const manifest = { ...day.manifest, acknowledged: day.acknowledged_version ?? 0, stops: day.manifest.stops.map((stop) => ({ ...stop })) };
  const stops = new Map(manifest.stops.map((stop) => [stop.stop, stop]));
  for (const action of actions) {
    const stop = stops.get(action.stop);
    if (action.kind === "acknowledge") manifest.acknowledged = Math.max(manifest.acknowledged, action.version);
    else if (action.kind === "begin") manifest.state = "in_progress";
    else if (stop && !OVER.has(stop.state)) Object.assign(stop, changeOf(action));
  }
  if (manifest.state === "in_progress" && manifest.stops.length && manifest.stops.every((stop) => OVER.has(stop.state))) manifest.state = "done";
  return manifest;
}

function changeOf({ kind, id }) {
  if (kind === "arrive") return { state: "arrived", pending: id };
  if (kind === "deliver") return { state: "delivered", pending: id };
  if (kind === "fail") return { state: "failed", pending: id };
  return kind === "scan" ? { scanned: true } : {};
}

/** Where the driver is, or goes next: a stop they have arrived at comes before those ahead. */
export function nextStop(manifest) {
  return manifest.stops.find((stop) => stop.state === "arrived") ?? manifest.stops.find((stop) => stop.state === "planned") ?? null;
}

/** How far the day has come. */
export function progress(manifest) {
  const count = (state) => manifest.stops.filter((stop) => stop.state === state).length;
  return { total: manifest.stops.length, delivered: count("delivered"), failed: count("failed"), left: manifest.stops.filter((stop) => !OVER.has(stop.state)).length };
}

/** The stop whose parcel has this label: our id, the sender's number, or either inside a longer code or address. */
export function stopOfLabel(manifest, text) {
  const label = text.trim();
  if (!label) return null;
  const same = (stop) => [stop.external_id, stop.shipment].some((name) => name && name.toLowerCase() === label.toLowerCase());
  // a label may hold more than the number; the longest number inside it is meant, so that 12 does not take 123's parcel
  const inside = manifest.stops.filter((stop) => stop.external_id?.length >= 6 && label.includes(stop.external_id));
  return manifest.stops.find(same) ?? inside.sort((a, b) => b.external_id.length - a.external_id.length)[0] ?? null;
}

/** Who may take a parcel, the recipient first; none of them did until the driver says so. */
export function takers(stop) {
  return [...new Set([stop.recipient, "Family", "Neighbour", "Reception", "Security", "Left at the door"].filter(Boolean))];
}

/** What differs from the version the driver has confirmed: {added, removed, moved}, counted. */
export function news(day, manifest) {
  if (!manifest.version || manifest.acknowledged >= manifest.version) return null;
  const difference = day.difference ?? {};
  const count = (name) => (difference[name] ?? []).length;
  return { first: manifest.acknowledged === 0, added: count("added"), removed: count("removed"), moved: count("moved") };
}

// Texts and times on the driver's page. Pure.

const REASONS = {
  nobody_home: "Nobody there", address_not_found: "Address not found", refused: "Recipient refuses it", no_access: "Cannot get in",
  no_time: "No time left", damaged: "Parcel is damaged", other: "Something else",
};
const STATES = { planned: "Open", arrived: "You are here", delivered: "Delivered", failed: "Not delivered", removed: "Taken off" };
const NO_MINOR = new Set(["JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF"]);
const THREE_MINOR = new Set(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);

export const reasonText = (code) => REASONS[code] ?? code;
export const stateText = (state) => STATES[state] ?? state;

/** 14:05 at the hub. */
export function clock(text, zone) {
  if (!text) return "";
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(new Date(text));
}

export function slotText(slot, zone) {
  return slot ? `${clock(slot[0], zone)} – ${clock(slot[1], zone)}` : "any time";
}

const places = (currency) => (NO_MINOR.has(currency) ? 0 : THREE_MINOR.has(currency) ? 3 : 2);

export function money(minor, currency) {
  return `${(minor / 10 ** places(currency)).toFixed(places(currency))} ${currency ?? ""}`.trim();
}

/** What a person typed, in minor units; null where it is no amount. */
export function minorOf(text, currency) {
  const value = text.trim().replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(value)) return null;
  return Math.round(Number(value) * 10 ** places(currency));
}

export function kilometres(metres) {
  return metres >= 10_000 ? `${Math.round(metres / 1000)} km` : `${(metres / 1000).toFixed(1)} km`;
}

export function size(parcels) {
  const units = { parcels: ["parcel", "parcels"], kg: ["kg", "kg"], litres: ["l", "l"] };
  return Object.entries(parcels ?? {}).map(([unit, value]) => `${value} ${(units[unit] ?? [unit, unit])[value === 1 ? 0 : 1]}`).join(", ");
}

/** An address that opens the phone's own navigation. */
export function navigation({ longitude, latitude, address }, agent) {
  const place = `${latitude},${longitude}`;
  if (/iPhone|iPad|Macintosh/.test(agent)) return `https://maps.apple.com/?daddr=${place}&dirflg=d`;
  return `geo:${place}?q=${place}(${encodeURIComponent(address || "Delivery")})`;
}

// The part of the address after #: camera, open device, filters, playback. What it says, another reader sees too. Pure.

const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * {camera: {zoom, latitude, longitude} | null, device: id | null, filter: {text, statuses, zone, hub},
 *  zones: bool, alerts: bool, playback: {day, time, known} | null}
 */
export function readHash(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const device = values.get("device");
  const day = values.get("day") ?? "";
  const time = values.get("at") ?? "";
  return {
    camera: readCamera(values.get("map") ?? ""),
    device: device && /^dev_[0-9a-f]{32}$/.test(device) ? device : null,
    filter: {
      text: values.get("q") ?? "",
      statuses: (values.get("status") ?? "").split(",").filter(Boolean),
      zone: values.get("zone") ?? "",
      hub: values.get("hub") ?? "",
    },
    zones: values.get("zones") !== "off",
    alerts: values.get("list") === "alerts",
    playback: DAY.test(day) ? { day, time: TIME.test(time) ? time : "", known: values.get("known") === "then" } : null,
  };
}

function readCamera(text) {
  const parts = text.split("/").map(Number);
  const [zoom, latitude, longitude] = parts;
  const sound =
    parts.length === 3 && parts.every(Number.isFinite) && zoom >= 0 && zoom <= 24 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 360;
  return sound ? { zoom, latitude, longitude } : null;
}

/** The inverse; what is as usual is left out. Digits follow the zoom: a pixel is what matters. */
export function writeHash({ camera, device, filter = {}, zones = true, alerts = false, playback = null }) {
  const parts = [];
  if (camera) {
    const digits = Math.max(2, Math.ceil(camera.zoom / 3));
    const round = (value) => Number(value.toFixed(digits));
    parts.push(`map=${Number(camera.zoom.toFixed(2))}/${round(camera.latitude)}/${round(camera.longitude)}`);
  }
  const add = (name, text) => text && parts.push(`${name}=${encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
  add("device", device);
  add("q", filter.text);
  add("status", [...(filter.statuses ?? [])].join(","));
  add("zone", filter.zone);
  add("hub", filter.hub);
  add("zones", zones ? "" : "off");
  add("list", alerts ? "alerts" : "");
  if (playback) {
    add("day", playback.day);
    add("at", playback.time);
    add("known", playback.known ? "then" : "");
  }
  return parts.length ? `#${parts.join("&")}` : "";
}

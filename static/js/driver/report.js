// Reports where the driver is while a manifest is under way and the page is open; keeps what cannot be sent.

import { seenAt } from "./actions.js";
import * as store from "./store.js";

const AT_ONCE = 500;
let watch = null;
let timer = null;
let account = null;
let battery = null;
let wakeLock = null;
let lastKept = 0;

/** Begin, go on or stop: `report` is {device, key, every_s}, or null where nothing is to be reported. */
export function follow(report, told) {
  account = report;
  if (!report) return stop();
  if (watch !== null) return undefined;
  if (!navigator.geolocation) return told("This phone does not tell where it is.");
  watch = navigator.geolocation.watchPosition((position) => keep(position), (error) => told(trouble(error)), { enableHighAccuracy: true, maximumAge: 5000, timeout: 60_000 });
  timer = setInterval(send, report.every_s * 1000);
  navigator.getBattery?.().then((found) => (battery = found));
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
  return undefined;
}

function stop() {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  clearInterval(timer);
  document.removeEventListener("visibilitychange", stayAwake);
  wakeLock?.release().catch(() => {});
  watch = timer = wakeLock = null;
}

async function stayAwake() {
  if (document.hidden || watch === null) return;
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
}

async function keep({ coords, timestamp }) {
  seenAt(coords);
  if (!account || timestamp - lastKept < (account.every_s * 1000) / 3) return;
  lastKept = timestamp;
  const fix = { recorded_at: Math.round(timestamp), latitude: coords.latitude, longitude: coords.longitude, accuracy_m: coords.accuracy };
  if (Number.isFinite(coords.altitude) && coords.altitude !== null) fix.altitude_m = coords.altitude;
  if (Number.isFinite(coords.speed) && coords.speed !== null) fix.speed_mps = coords.speed;
  if (Number.isFinite(coords.heading) && coords.heading !== null) fix.heading_deg = coords.heading % 360;
  if (battery) Object.assign(fix, { battery: battery.level, charging: battery.charging });
  await store.keepFix(fix);
}

async function send() {
  if (!account || !navigator.onLine) return;
  const some = await store.fixes(AT_ONCE);
  if (!some.length) return;
  const body = JSON.stringify({ device_id: account.device, positions: some.map(([, fix]) => fix) });
  try {
    const answer = await fetch("/ingest/v1/positions", { method: "POST", body, headers: { Authorization: `Bearer ${account.key}`, "Content-Type": "application/json" }, signal: AbortSignal.timeout(20_000) });
    // whatever was wrong with them, the server has them or never will: they must not hold up those that follow
    if (answer.ok || answer.status === 400 || answer.status === 413) await store.dropFixes(some.map(([key]) => key));
  } catch {
    // no network: they stay
  }
}

function trouble(error) {
  if (error.code === error.PERMISSION_DENIED) return "Milepost may not see where this phone is: your stops' times will be wrong. Allow it in the browser's settings.";
  return "";
}

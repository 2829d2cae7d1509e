// The rule that says how a device is doing: the twin of tracker/devices/status.py. Pure.

export const IDLE_AFTER_MS = 8 * 60_000;
export const OFFLINE_AFTER_S = 15 * 60; // of a device whose usual gap between reports is not known

// The marker shader counts on these positions.
export const STATUSES = ["active", "idle", "offline", "waiting", "risk"];

export const STATUS_TEXT = {
  active: "Active",
  idle: "Idle",
  offline: "Offline",
  waiting: "No position yet",
  risk: "At risk",
};

// What `device.risk` says, in words.
export const RISK_TEXT = { late: "Late", off_route: "Off route" };

/** Seconds after which a device that usually reports every `cadenceS` seconds (null: not known) is offline. */
export function offlineAfterS(cadenceS) {
  return Math.max(OFFLINE_AFTER_S, Math.min(3 * (cadenceS ?? 0), 86_400));
}

/**
 * Status at `now` from the time of the last position and of the last movement, all epoch ms or null;
 * `offlineAfter` in seconds and `risk` ("", "late", "off_route") as the frames carry them.
 */
export function statusOf(recordedAt, movedAt, now, offlineAfter = OFFLINE_AFTER_S, risk = "") {
  if (recordedAt === null || recordedAt === undefined) return "waiting";
  if (now - recordedAt > (offlineAfter ?? OFFLINE_AFTER_S) * 1000) return "offline";
  if (risk) return "risk";
  if (now - (movedAt ?? recordedAt) > IDLE_AFTER_MS) return "idle";
  return "active";
}

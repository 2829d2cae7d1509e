// The rule that says how a device is doing: the twin of tracker/devices/status.py. Pure.

export const IDLE_AFTER_MS = 8 * 60_000;
export const OFFLINE_AFTER_MS = 15 * 60_000;

// In the order in which people look for them; the marker shader counts on these positions.
export const STATUSES = ["active", "idle", "offline", "waiting"];

export const STATUS_TEXT = {
  active: "Active",
  idle: "Idle",
  offline: "Offline",
  waiting: "No position yet",
};

/** Status at `now` from the time of the last position and of the last movement; all epoch ms or null. */
export function statusOf(recordedAt, movedAt, now) {
  if (recordedAt === null || recordedAt === undefined) return "waiting";
  if (now - recordedAt > OFFLINE_AFTER_MS) return "offline";
  if (now - (movedAt ?? recordedAt) > IDLE_AFTER_MS) return "idle";
  return "active";
}

// The open alerts as the page knows them: a list to begin with, then frame by frame. Pure.

export const KIND_TEXT = {
  silent: "Silent",
  entered: "Entered",
  left: "Left",
  off_corridor: "Off route",
  delayed: "Late",
  absent: "Not where expected",
  driver_silent: "Driver silent",
  slot_at_risk: "Slot at risk",
  slot_missed: "Slot missed",
  unconfirmed: "Unconfirmed",
  undelivered: "Not delivered",
};

/** Epoch ms of a time given as such or as ISO text; null for none. */
export function moment(value) {
  if (value === null || value === undefined || value === "") return null;
  const at = typeof value === "number" ? value : Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

export class AlertBook {
  constructor() {
    this.alerts = new Map();
  }

  /** A list read anew replaces all. */
  replace(alerts) {
    this.alerts.clear();
    for (const alert of alerts) this.put(alert);
  }

  /** One alert as it is now; returns "raised", "acknowledged", "ended" or "" by what that changes for the reader. */
  put(alert) {
    const before = this.alerts.get(alert.id);
    if (alert.resolved_at) {
      this.alerts.delete(alert.id);
      return before ? "ended" : "";
    }
    this.alerts.set(alert.id, alert);
    if (!before) return alert.acknowledged_at ? "" : "raised";
    return alert.acknowledged_at && !before.acknowledged_at ? "acknowledged" : "";
  }

  /** A device left the reader's sight: its alerts go with it. */
  forget(device) {
    for (const alert of this.alerts.values()) if (alert.device.id === device) this.alerts.delete(alert.id);
  }

  get unacknowledged() {
    let count = 0;
    for (const alert of this.alerts.values()) if (!alert.acknowledged_at) count += 1;
    return count;
  }

  /** To be looked at first: not taken on by anybody; then the newest. */
  get inOrder() {
    const at = (alert) => moment(alert.raised_at) ?? 0;
    const rank = (alert) => (alert.acknowledged_at ? 1 : 0);
    return [...this.alerts.values()].sort((a, b) => rank(a) - rank(b) || at(b) - at(a) || (a.id < b.id ? -1 : 1));
  }
}

// The board's document as a plan: who has which stop where, and what a move would come to. Pure.

export const TRAY = ""; // the driver's place in a target: nobody

export class Plan {
  constructor(document) {
    this.document = document;
    this.drivers = new Map(document.drivers.map((driver) => [driver.id, driver]));
    this.places = new Map(); // shipment -> {stop, driver}
    for (const driver of document.drivers) for (const stop of driver.stops) this.places.set(stop.shipment, { stop, driver });
    for (const stop of document.tray) this.places.set(stop.shipment, { stop, driver: null });
  }

  get(shipment) {
    return this.places.get(shipment) ?? null;
  }

  /** Whether a person may still move it: nobody has begun it, or nobody has it. */
  movable(shipment) {
    const found = this.get(shipment);
    return Boolean(found) && (found.driver === null || found.stop.open);
  }

  /** The open shipments of a driver in order, without the one that is being carried. */
  open(driverId, without = null) {
    return (this.drivers.get(driverId)?.stops ?? []).filter((stop) => stop.open && stop.shipment !== without);
  }

  /** Where a drop at a time falls: ahead of the first open stop whose middle lies later; null is the end. */
  beforeAt(driverId, ms, carried) {
    const next = this.open(driverId, carried).find((stop) => (stop.at + stop.until) / 2 > ms);
    return next ? next.shipment : null;
  }

  /** The target where a shipment is now: {to, before}. */
  here(shipment) {
    const { driver } = this.get(shipment);
    if (!driver) return { to: TRAY, before: null };
    const open = this.open(driver.id);
    const index = open.findIndex((stop) => stop.shipment === shipment);
    return { to: driver.id, before: open[index + 1]?.shipment ?? null };
  }

  /** One place earlier (-1) or later (1) on the route of the target. */
  step(target, by, carried) {
    if (target.to === TRAY) return target;
    const open = this.open(target.to, carried).map((stop) => stop.shipment);
    const at = target.before === null ? open.length : open.indexOf(target.before);
    const next = Math.max(0, Math.min(open.length, at + by));
    return { to: target.to, before: open[next] ?? null };
  }

  /** The target on the driver above (-1) or below (1), at the time of `ms`; past the last driver lies the tray. */
  climb(target, by, ms, carried) {
    const ids = [...this.drivers.keys(), TRAY];
    const to = ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(target.to) + by))];
    return to === TRAY ? { to, before: null } : { to, before: this.beforeAt(to, ms, carried) };
  }

  same(shipment, target) {
    const here = this.here(shipment);
    return here.to === target.to && (here.to === TRAY || here.before === target.before);
  }

  /** What is sent: the move and the revisions of all that was looked at. */
  request(shipment, target) {
    const { driver } = this.get(shipment);
    const expected = {};
    for (const one of [driver, this.drivers.get(target.to)]) {
      if (one) expected[one.manifest ?? one.id] = one.manifest ? one.revision : 0;
    }
    const move = { shipment, to: target.to === TRAY ? null : target.to, before: target.before };
    return { hub: this.document.hub.id, date: this.document.date, moves: [move], expected };
  }

  /** Ids of drivers whose row differs from what an older plan said, and of those that are new. */
  changedSince(older) {
    const before = new Map(older?.document.drivers.map((driver) => [driver.id, JSON.stringify(driver)]) ?? []);
    return this.document.drivers.filter((driver) => before.get(driver.id) !== JSON.stringify(driver)).map(({ id }) => id);
  }

  /** {stops, done, late, lateS} of a driver's row. */
  static sum(driver) {
    const late = driver.stops.filter((stop) => stop.open && stop.late_s >= 60);
    return {
      stops: driver.stops.length,
      done: driver.stops.filter((stop) => stop.state === "delivered" || stop.state === "failed").length,
      late: late.length,
      lateS: late.reduce((most, stop) => Math.max(most, stop.late_s), 0),
    };
  }
}

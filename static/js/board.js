// The dispatch board: brings plan, Gantt, map, tray, previews and other people's changes together.

import { Carrying } from "./board/carrying.js";
import { Chooser } from "./board/chooser.js";
import { Gantt } from "./board/gantt.js";
import { OverrideLog } from "./board/override_log.js";
import { Plan } from "./board/plan.js";
import { Preview, costSentence, weighedCard } from "./board/preview.js";
import { ReasonDialog } from "./board/reason.js";
import { StopList } from "./board/stop_list.js";
import { StopMap } from "./board/stop_map.js";
import { Tray } from "./board/tray.js";
import { stopSentence, targetSentence } from "./board/words.js";
import { get, post } from "./geofences/server.js";
import { LiveSocket } from "./live/socket.js";

const SOON_MS = 250; // several changes in a row are read once
const READ_EVERY_MS = 60_000; // arrivals drift without anybody changing a thing
const element = (id) => document.getElementById(id);
const LINE = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", offline: "No network", "signed-out": "Signed out", "no-access": "No access", "too-many": "Too many open" };

class Board {
  constructor(values) {
    this.values = values;
    this.may = values.may_override;
    this.gantt = new Gantt(
      { scroller: element("gantt"), head: element("gantt-hours"), names: element("gantt-names"), rows: element("gantt-rows"), now: element("gantt-now") },
      { choose: (id) => this.choose(id), focus: (shipment) => this.map.mark(shipment) },
    );
    this.map = new StopMap(element("map"), values, {
      choose: (id) => this.choose(id),
      look: (shipment) => this.look(shipment),
      press: (shipment, event) => this.carrying.begin(shipment, event),
    });
    this.tray = new Tray({ box: element("tray"), list: element("tray-list"), count: element("tray-count"), none: element("tray-none") }, { look: (shipment) => this.look(shipment) });
    this.log = new OverrideLog({ list: element("log-list"), none: element("log-none") }, { undo: (id, says) => this.undo(id, says) });
    this.list = new StopList(element("stop-list"), { move: (shipment) => this.chooser.open(this.plan, shipment) });
    this.preview = new Preview(values.preview, { told: (weighed, request) => this.weighed(weighed, request) });
    this.carrying = new Carrying(element("board"), element("gantt"), this);
    this.reason = new ReasonDialog(element("reason"), { closed: () => this.cancel() });
    const by = { aim: (shipment, target) => this.aim(shipment, target), drop: (shipment, target) => this.drop(shipment, target), cancel: () => this.cancel() };
    this.chooser = new Chooser(element("chooser"), by);
    element("gantt-closer").addEventListener("click", () => this.gantt.zoomBy(1.5));
    element("gantt-wider").addEventListener("click", () => this.gantt.zoomBy(1 / 1.5));
    element("move-chosen").addEventListener("click", () => this.looked && this.chooser.open(this.plan, this.looked));
  }

  async start() {
    this.listen();
    await this.read();
    setInterval(() => this.gantt.tick(this.now()), 15_000);
    setInterval(() => this.soon(), READ_EVERY_MS);
    try {
      await this.map.open();
      if (this.plan) this.map.show(this.plan);
    } catch (error) {
      const why = document.createElement("canvas").getContext("webgl2") ? error.message : "this browser offers no WebGL 2";
      element("map-failed").textContent = `The map cannot be drawn here: ${why}. The rows and the list work all the same.`;
      element("map-failed").hidden = false;
    }
    this.ready = true;
  }

  listen() {
    const url = new URL(this.values.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new LiveSocket(url.href, {
      onFrame: (frame) => this.heard(frame),
      onState: ({ state }) => {
        element("line").dataset.state = state;
        element("line").textContent = LINE[state] ?? state;
      },
    });
    this.socket.connect();
  }

  /** Others changed this hub's day; a snapshot means that something may have been missed. */
  heard(frame) {
    const ours = frame.type === "notice" && frame.notice.about === "board" && frame.notice.hubs.includes(this.values.hub);
    if (frame.type === "snapshot" ? frame.complete && this.plan : ours) this.soon();
  }

  soon() {
    this.reading ??= setTimeout(() => {
      this.reading = null;
      this.read();
    }, SOON_MS);
  }

  async read() {
    const { ok, body } = await get(this.values.document);
    if (!ok) return this.say(body.detail);
    this.offset = body.now - Date.now();
    this.show(new Plan(body));
    return undefined;
  }

  now() {
    return Date.now() + (this.offset ?? 0);
  }

  show(plan) {
    const older = this.plan;
    this.plan = plan;
    this.preview.forget();
    this.gantt.show(plan, older);
    this.gantt.choose(this.chosen);
    this.gantt.tick(this.now());
    this.map.show(plan);
    this.tray.show(plan);
    this.log.show(plan, this.may);
    this.list.show(plan, this.may);
    element("board-none").hidden = plan.drivers.size > 0;
    if (older && this.aimed) this.carryOn();
  }

  /** A change came in while a stop was in the hand: it is weighed anew, or put back where it is gone. */
  carryOn() {
    const { shipment, target } = this.aimed;
    if (!this.plan.movable(shipment) || (target && target.to && !this.plan.drivers.has(target.to))) {
      this.carrying.busy ? this.carrying.putBack() : this.cancel();
      this.say("Somebody else changed this stop meanwhile.");
      return;
    }
    if (target?.before && !this.plan.open(target.to).some((stop) => stop.shipment === target.before)) target.before = null;
    this.aim(shipment, target);
  }

  choose(driverId) {
    this.chosen = driverId;
    this.gantt.choose(driverId);
    this.map.choose(driverId);
  }

  look(shipment) {
    const found = this.plan.get(shipment);
    if (!found) return;
    this.looked = shipment;
    if (found.driver) this.choose(found.driver.id);
    this.gantt.look(shipment);
    this.map.mark(shipment);
    this.tell(stopSentence(found.stop, found.driver, this.plan.document.timezone));
  }

  tell(text) {
    element("looked").textContent = text;
    element("move-chosen").hidden = !(this.may && this.looked && this.plan.movable(this.looked));
  }

  walk(bar, key) {
    this.gantt.walk(bar, key);
    this.looked = document.activeElement.dataset.shipment;
  }

  targetUnder(x, y, shipment) {
    if (this.tray.under(x, y)) return { to: "", before: null };
    const row = this.gantt.under(x, y);
    if (row) return { to: row.driver, before: this.plan.beforeAt(row.driver, row.ms, shipment) };
    return this.map.under(x, y, shipment) ?? null;
  }

  /** A stop is held over a place: mark it, and ask what it would cost. */
  aim(shipment, target) {
    this.aimed = { shipment, target };
    this.gantt.mark(target, shipment);
    this.gantt.ghosts(null);
    this.tray.mark(target?.to === "");
    const card = element("weighed");
    card.hidden = false;
    element("weighed-says").textContent = `${this.plan.get(shipment).stop.name} ${targetSentence(this.plan, target)}`;
    if (!target || this.plan.same(shipment, target)) {
      this.preview.forget();
      this.map.trial(null, []);
      element("weighed-cost").replaceChildren();
      this.say(element("weighed-says").textContent);
      return;
    }
    this.preview.ask(this.plan.request(shipment, target));
  }

  weighed(weighed, request) {
    element("weighed-cost").replaceChildren(...weighedCard(weighed));
    this.chooser.part.replaceChildren(...weighedCard(weighed));
    if (this.reason.dialog.open) this.reason.show(weighed);
    this.last = weighed;
    if (!weighed || weighed.refused) return;
    this.gantt.ghosts(weighed.routes);
    const { to } = request.moves[0];
    this.map.trial(to, (weighed.routes[to]?.stops ?? []).map(({ shipment }) => shipment));
    this.say(`${element("weighed-says").textContent}: ${costSentence(weighed)}`);
  }

  drop(shipment, target) {
    this.aimed = { shipment, target };
    this.gantt.mark(target, shipment);
    const says = `${this.plan.get(shipment).stop.name} ${targetSentence(this.plan, target)}`;
    this.reason.open(says, { apply: (code, text) => this.apply(code, text) });
    this.reason.show(this.last ?? null);
    this.preview.ask(this.plan.request(shipment, target));
  }

  async apply(code, text) {
    const { shipment, target } = this.aimed;
    const body = { ...this.plan.request(shipment, target), reason_code: code, reason: text };
    const answer = await post(this.values.apply, body);
    if (answer.ok || answer.status === 409) await this.read();
    if (answer.ok) {
      this.say("Moved.");
      this.aimed = null;
      this.gantt.look(shipment);
    }
    return answer;
  }

  undo(id, says) {
    const apply = async (code, reason) => {
      const answer = await post(this.values.undo.replace("OVERRIDE", id), { reason_code: code, reason });
      await this.read();
      if (answer.ok) this.say("Taken back.");
      return answer;
    };
    this.reason.open(`Take back: ${says}`, { apply, does: "Take it back" });
  }

  cancel() {
    if (this.reason.dialog.open || element("chooser").open) return;
    this.aimed = null;
    this.preview.forget();
    this.last = null;
    this.gantt.mark(null, null);
    this.gantt.ghosts(null);
    this.tray.mark(false);
    this.map.trial(null, []);
    element("weighed").hidden = true;
  }

  say(text) {
    element("spoken").textContent = text;
  }
}

const board = new Board(JSON.parse(element("board-values").textContent));
// for tests and a look under the bonnet; nothing in the page reads it
window.milepostBoard = board;
await board.start();

// The open alerts beside the map: one row each, with what to do about it; new ones are spoken, never sounded.

import { ageText } from "../live/words.js";
import { KIND_TEXT, moment } from "./alert_book.js";

export class AlertList {
  /**
   * `parts`: {list, none, count, says}. `open(deviceId)` flies there; `acknowledge(alert)` returns a promise of the
   * alert as it is then; `nameOf(alert)` is what its device is called; `may` says whether this reader takes alerts on.
   */
  constructor(parts, { book, open, acknowledge, may, nameOf, now }) {
    Object.assign(this, { parts, book, open, acknowledge, may, nameOf, now });
    this.rows = new Map(); // alert id -> element
    this.failed = new Map(); // alert id -> why acknowledging did not work
  }

  draw() {
    const { parts, book } = this;
    const alerts = book.inOrder;
    const kept = new Map();
    alerts.forEach((alert, at) => {
      const row = this.rows.get(alert.id) ?? this.make(alert.id);
      this.fill(row, alert);
      if (parts.list.children[at] !== row) parts.list.insertBefore(row, parts.list.children[at] ?? null);
      kept.set(alert.id, row);
    });
    for (const [id, row] of this.rows) if (!kept.has(id)) row.remove();
    this.rows = kept;
    const waiting = book.unacknowledged;
    parts.none.hidden = alerts.length > 0;
    write(parts.count, String(waiting));
    parts.count.hidden = waiting === 0;
    write(parts.words, waiting ? `, ${waiting} to look at` : "");
  }

  make(id) {
    const row = document.createElement("li");
    row.className = "alert";
    row.innerHTML = `<button type="button" class="alert-go"><span class="alert-kind"></span><span class="alert-age number"></span>
      <span class="alert-device" dir="auto"></span><span class="alert-text"></span></button>
      <p class="alert-done"><span data-who></span><button type="button" class="tiny" data-acknowledge>Acknowledge</button></p>`;
    row.firstElementChild.addEventListener("click", () => this.open(this.book.alerts.get(id).device.id));
    row.querySelector("[data-acknowledge]").addEventListener("click", () => this.take(id));
    return row;
  }

  fill(row, alert) {
    const find = (name) => row.querySelector(name);
    row.dataset.kind = alert.kind;
    row.dataset.acknowledged = String(Boolean(alert.acknowledged_at));
    write(find(".alert-kind"), KIND_TEXT[alert.kind] ?? alert.kind);
    const raised = moment(alert.raised_at);
    write(find(".alert-age"), raised === null ? "" : ageText(this.now() - raised));
    write(find(".alert-device"), this.nameOf(alert));
    write(find(".alert-text"), alert.text ?? "");
    const button = find("[data-acknowledge]");
    button.hidden = Boolean(alert.acknowledged_at) || !this.may;
    button.setAttribute("aria-label", `Acknowledge: ${alert.text ?? KIND_TEXT[alert.kind]}`);
    write(find("[data-who]"), this.failed.get(alert.id) ?? whoText(alert, this.now()));
  }

  async take(id) {
    const button = this.rows.get(id)?.querySelector("[data-acknowledge]");
    if (!button || button.disabled) return;
    button.disabled = true;
    this.failed.delete(id);
    try {
      const alert = await this.acknowledge(this.book.alerts.get(id));
      if (alert) this.book.put(alert);
      this.rows.get(id)?.querySelector(".alert-go").focus(); // the button the keyboard was on is gone
    } catch (error) {
      this.failed.set(id, error.message);
    }
    button.disabled = false;
    this.draw();
  }

  /** Say what came in with one frame: one sentence, however many they are. */
  speak(raised) {
    if (!raised.length) return;
    const [first] = raised;
    this.parts.says.textContent = raised.length > 1 ? `${raised.length} new alerts` : `New alert: ${first.text ?? KIND_TEXT[first.kind]}`;
  }
}

function whoText(alert, now) {
  if (!alert.acknowledged_at) return "";
  const age = ageText(now - moment(alert.acknowledged_at));
  return alert.acknowledged_by ? `Acknowledged by ${alert.acknowledged_by}, ${age}` : `Acknowledged ${age}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

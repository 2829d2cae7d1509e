// Alerts on the page: read once, kept by frames, acknowledged by whoever takes one on.

import { AlertBook } from "./alert_book.js";
import { AlertList } from "./alert_list.js";

const GATHERED_MS = 150;

export class Alerts {
  /** `urls`: {alerts, acknowledge (with ALERT)}; `token` answers the server's question whose form this is; `may` acknowledge at all. */
  constructor(parts, { urls, token, may, open, nameOf, now }) {
    this.urls = urls;
    this.token = token;
    this.parts = parts;
    this.book = new AlertBook();
    this.list = new AlertList(parts, { book: this.book, open, nameOf, now, may, acknowledge: (alert) => this.acknowledge(alert) });
    this.title = document.title;
  }

  /** Read the list anew: at the start and after each new connection, which may have missed frames. */
  async read() {
    try {
      const answer = await fetch(this.urls.alerts, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`The alerts could not be loaded (${answer.status}).`);
      const { alerts } = await answer.json();
      this.book.replace(alerts);
      this.parts.failed.hidden = true;
    } catch (error) {
      this.parts.failed.textContent = error.message;
      this.parts.failed.hidden = false;
    }
    this.draw();
  }

  /** The alert of a frame. A burst of them is drawn and spoken once. */
  take(alert) {
    this.raised ??= [];
    if (this.book.put(alert) === "raised") this.raised.push(alert);
    this.drawing ??= setTimeout(() => {
      this.drawing = null;
      this.list.speak(this.raised.splice(0));
      this.draw();
    }, GATHERED_MS);
  }

  forget(devices) {
    for (const device of devices) this.book.forget(device.id);
  }

  draw() {
    this.list.draw();
    const waiting = this.book.unacknowledged;
    document.title = waiting ? `(${waiting}) ${this.title}` : this.title;
  }

  async acknowledge(alert) {
    const answer = await fetch(this.urls.acknowledge.replace("ALERT", alert.id), {
      method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": this.token, Accept: "application/json" },
    }).catch(() => null);
    if (!answer) throw new Error("No answer. Try again.");
    if (answer.status === 403) throw new Error("You may not acknowledge alerts here.");
    if (answer.status === 404) throw new Error("This alert is not there any more.");
    // 409: somebody else was first, and the answer says who
    if (!answer.ok && answer.status !== 409) throw new Error(`This did not work (${answer.status}). Try again.`);
    return (await answer.json()).alert;
  }
}

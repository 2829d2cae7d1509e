// The live line: one WebSocket that comes back by itself and always says how it is.

import { waitBefore } from "./backoff.js";

const SILENCE_MS = 25_000; // the server says something every 10 s
const FINAL = {
  4401: { state: "signed-out", text: "Signed out" },
  4403: { state: "no-access", text: "No access to this environment" },
  4429: { state: "too-many", text: "Too many maps open" },
};

/**
 * `onFrame(frame)` gets each frame in order; `onState({state, retryAt})` each change of
 * "connecting" | "live" | "waiting" | "offline" | "signed-out" | "no-access" | "too-many".
 */
export class LiveSocket {
  constructor(url, { onFrame, onState }) {
    this.url = url;
    this.onFrame = onFrame;
    this.onState = onState;
    this.attempt = 0;
    this.expected = 0;
    this.state = { state: "connecting", retryAt: 0 };
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  /** Connect now, whatever was planned. */
  connect() {
    clearTimeout(this.retry);
    this.forget();
    this.tell({ state: "connecting", retryAt: 0 });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.listen();
    socket.addEventListener("message", (event) => socket === this.socket && this.take(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code));
  }

  /** Connect at once if the line is down for a reason that may have passed. */
  hurry() {
    if (this.state.state === "waiting" || this.state.state === "offline") this.connect();
    else if (this.state.state === "live" && Date.now() - this.heardAt > SILENCE_MS) this.drop();
  }

  /** Give the present socket up and plan the next. */
  drop() {
    if (this.socket) this.closed(1006);
  }

  take(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.drop();
    }
    if (frame.seq !== 0 && frame.seq !== this.expected) return this.drop(); // something is missing: begin anew
    this.expected = frame.seq + 1;
    this.listen();
    this.onFrame(frame);
    if (frame.type === "snapshot" && frame.complete) {
      this.attempt = 0;
      this.tell({ state: "live", retryAt: 0 });
    }
    return undefined;
  }

  closed(code) {
    this.forget();
    if (FINAL[code]) return this.tell({ ...FINAL[code], retryAt: 0 });
    const wait = waitBefore(this.attempt, Math.random());
    this.attempt += 1;
    this.retry = setTimeout(() => this.connect(), wait);
    return this.tell({ state: navigator.onLine ? "waiting" : "offline", retryAt: Date.now() + wait });
  }

  forget() {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }

  listen() {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.drop(), SILENCE_MS);
  }

  tell(state) {
    this.state = state;
    this.onState(state);
  }
}

// The badge that says how the live line is, and the words a screen reader hears when that changes.

const WORDS = {
  connecting: ["Connecting…", "Connecting to live positions."],
  live: ["Live", "Live positions are on."],
  waiting: ["", "Connection lost. Reconnecting by itself."],
  offline: ["Offline", "This device is offline. Positions are not up to date."],
  "signed-out": ["Signed out. Sign in again", "You are signed out. Live positions stopped."],
  "no-access": ["No access", "You have no access to this environment any more."],
  "too-many": ["Too many maps open. Close one, then try again", "Too many maps are open. Close one and reload."],
};

export class ConnectionBadge {
  /** `badge` is a button; `spoken` a polite live region. `retry()` is what pressing the badge does. */
  constructor(badge, spoken, { retry }) {
    this.badge = badge;
    this.text = badge.querySelector("[data-text]");
    this.spoken = spoken;
    this.state = { state: "connecting", retryAt: 0 };
    badge.addEventListener("click", () => {
      if (this.state.state === "signed-out" || this.state.state === "no-access") location.reload();
      else if (this.state.state !== "live") retry();
    });
    setInterval(() => this.count(), 500);
  }

  show(state) {
    // "waiting" and "connecting" alternate while the line is down: one announcement is enough
    const news = state.state !== this.state.state && !(state.state === "connecting" && this.state.retryAt);
    const again = state.state === "waiting" && this.lost;
    this.lost = state.state === "waiting" || (this.lost && state.state === "connecting");
    this.state = state.state === "connecting" ? { ...state, retryAt: this.state.retryAt } : state;
    this.badge.dataset.state = state.state;
    this.badge.disabled = state.state === "live" || state.state === "connecting";
    this.text.textContent = WORDS[state.state][0];
    if (news && !again) this.spoken.textContent = WORDS[state.state][1];
    this.count();
  }

  count() {
    if (this.badge.dataset.state !== "waiting") return;
    const seconds = Math.max(1, Math.ceil((this.state.retryAt - Date.now()) / 1000));
    this.text.textContent = `Reconnecting in ${seconds} s`;
  }
}

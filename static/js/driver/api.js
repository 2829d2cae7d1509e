// Talks to the server. Every failure is one of three: no network, signed out, refused.

export class NoNetwork extends Error {}
export class SignedOut extends Error {}
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const HEADERS = { "X-Milepost-Driver": "1" };
const LONGEST_MS = 30_000;

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/d/api/${path}`, { ...options, headers: { ...HEADERS, ...options.headers }, cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS) });
  } catch (error) {
    throw new NoNetwork(error.message);
  }
  if (answer.status === 401) throw new SignedOut();
  if (answer.status >= 500 || answer.status === 429) throw new NoNetwork(`${answer.status}`);
  if (!answer.ok) throw new Refused(answer.status, (await answer.json().catch(() => ({}))).detail ?? `${answer.status}`);
  return answer.json();
}

export const day = () => ask("day");
export const signOut = () => ask("sign-out", { method: "POST" });

export function tell(actions) {
  const body = JSON.stringify({ clock_ms: Date.now(), actions });
  return ask("actions", { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

export function put({ id, kind, stop, at_ms, blob }) {
  const query = new URLSearchParams({ kind, stop, at: at_ms });
  return ask(`proofs/${id}?${query}`, { method: "PUT", body: blob });
}

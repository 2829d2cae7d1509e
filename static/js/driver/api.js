// Talks to the server. Every failure is one of four: no network, a fault of the server, signed out, refused.

export class NoNetwork extends Error {}
export class Fault extends NoNetwork {}
export class SignedOut extends Error {}
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const HEADERS = { "X-Milepost-Driver": "1" };
const LONGEST_MS = 30_000;
const REFUSALS = new Set([400, 404, 413, 422]);

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/d/api/${path}`, { ...options, headers: { ...HEADERS, ...options.headers }, cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS) });
  } catch (error) {
    throw new NoNetwork(error.message);
  }
  if (answer.status === 401) throw new SignedOut();
  if (answer.status >= 500) throw new Fault(`${answer.status}`);
  // only what our own server says of what was sent is a refusal: whatever else stands between may say anything
  const ours = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (!answer.ok && !(ours && REFUSALS.has(answer.status))) throw new NoNetwork(`${answer.status}`);
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

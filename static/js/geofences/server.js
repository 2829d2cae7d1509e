// Asking the server, as the signed-in person.

/** The token that proves a request came from our own page. */
function token() {
  return document.querySelector("[name=csrfmiddlewaretoken]").value;
}

/** {ok, status, body}; never rejects: a line that is cut is {ok: false, status: 0}. */
async function ask(address, options = {}) {
  try {
    const headers = { Accept: "application/json", ...options.headers };
    const answer = await fetch(address, { credentials: "same-origin", ...options, headers });
    if (answer.redirected) return { ok: false, status: 401, body: { detail: "You are signed out. Sign in again in another tab." } };
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok && !body.detail && !body.faults) body.detail = answer.status === 413 ? "The file is too large: 8 MiB are possible." : `The server answered ${answer.status}.`;
    return { ok: answer.ok, status: answer.status, body };
  } catch {
    return { ok: false, status: 0, body: { detail: "The server cannot be reached. Try again." } };
  }
}

export function get(address) {
  return ask(address);
}

export function post(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
}

export function postFile(address, file, fields = {}) {
  const form = new FormData();
  form.set("file", file);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return ask(address, { method: "POST", headers: { "X-CSRFToken": token() }, body: form });
}

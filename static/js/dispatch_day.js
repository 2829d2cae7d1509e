// Keeps the figures of the day fresh: the same page again once a minute, while somebody looks.

const EVERY_MS = 60_000;

async function refresh() {
  const here = document.querySelector("[data-refresh]");
  if (!here || document.hidden || here.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["[data-refresh]", ".page-head .lede"]) {
      const next = fresh.querySelector(part);
      if (next) document.querySelector(part)?.replaceWith(document.adoptNode(next));
    }
  } catch {
    // the network is away: what is shown says when it was computed
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);

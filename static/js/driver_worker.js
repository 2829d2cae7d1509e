// Keeps the driver's page on the phone. What the page asks the server is never kept: it has a book of its own.

const NAME = `driver-${SHELL.version}`;

self.addEventListener("install", (event) => {
  // past the browser's cache: a file of an older version must not get into this one
  const files = SHELL.files.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const forget = async () => {
    for (const name of await caches.keys()) if (name.startsWith("driver-") && name !== NAME) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === SHELL.files[0]) return event.respondWith(kept(SHELL.files[0]));
  if (SHELL.files.includes(url.pathname)) return event.respondWith(kept(url.pathname));
  return undefined;
});

async function kept(path) {
  const cache = await caches.open(NAME);
  return (await cache.match(path)) ?? fetch(path);
}

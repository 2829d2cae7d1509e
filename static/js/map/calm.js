// Whether the reader, or a hidden page, wants less motion.

/** A function that tells, cheap enough to be asked for each fix: the browser itself is slow to say. */
export function calmness() {
  const query = window.matchMedia("(prefers-reduced-motion: reduce)");
  let calm = false;
  const look = () => (calm = query.matches || document.hidden);
  query.addEventListener("change", look);
  document.addEventListener("visibilitychange", look);
  look();
  return () => calm;
}

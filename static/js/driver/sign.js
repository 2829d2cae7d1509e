// A field to sign in with a finger, a pen or the mouse.

/** Returns {element, blob(): Promise<Blob|null>}; null where nothing was drawn. */
export function signature() {
  const canvas = document.createElement("canvas");
  canvas.width = 900;
  canvas.height = 300;
  canvas.className = "signature";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Field to sign in");
  const pen = canvas.getContext("2d");
  let drawn = 0;
  const clear = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: 5, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
    drawn = 0;
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...at(each));
    pen.stroke();
    drawn += 1;
  });
  clear();
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Clear the signature";
  again.addEventListener("click", clear);
  const box = document.createElement("div");
  box.append(canvas, again);
  return { element: box, blob: () => (drawn < 3 ? Promise.resolve(null) : new Promise((resolve) => canvas.toBlob(resolve, "image/png"))) };
}

const LONGEST_SIDE = 1600;

/** A photo made small enough for a slow network; what else the file holds (place, owner) is left behind. */
export async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
}

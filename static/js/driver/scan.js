// Reads labels by the phone's camera: with the browser's own reader where it has one, else with one kept beside the page.

import { button, element } from "./elements.js";

const FORMATS = ["qr_code", "code_128", "code_39", "ean_13", "data_matrix", "itf", "pdf417"];
const READER = "/static/vendor/zxing-wasm/dist/es/reader/index.js";
const WASM = "/static/vendor/zxing-wasm/dist/reader/zxing_reader.wasm";
const PAUSE_MS = 150;
const SAME_AGAIN_MS = 2_500;

/** A function from a video's picture to the texts of the labels in it. */
async function reader() {
  if ("BarcodeDetector" in window) {
    const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
    const formats = FORMATS.filter((format) => known.includes(format));
    if (formats.length) {
      const detector = new BarcodeDetector({ formats });
      return async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue);
    }
  }
  const { readBarcodes, prepareZXingModule } = await import(READER);
  prepareZXingModule({ overrides: { locateFile: (name) => (name.endsWith(".wasm") ? WASM : name) } });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    pen.drawImage(video, 0, 0);
    const found = await readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), { tryHarder: true, maxNumberOfSymbols: 4 });
    return found.filter(({ isValid }) => isValid).map(({ text }) => text);
  };
}

/** Open the camera over the page. `found(text)` says what it made of a label, as text to show, or null to close. */
export function scan(found) {
  const video = element("video", { playsinline: true, muted: true, autoplay: true });
  video.muted = true;
  const said = element("p.scan-said", { role: "status" }, "Hold a label before the camera.");
  const typed = element("input", { type: "text", autocapitalize: "off", autocomplete: "off", "aria-label": "Number on the label" });
  const form = element("form.row", { onsubmit: (event) => (event.preventDefault(), read(typed.value), (typed.value = "")) }, typed, element("button", { type: "submit" }, "Enter"));
  const dialog = element("dialog.scan", video, said, form, button("Done", () => dialog.close(), "button.big"));
  let stream = null;
  let last = { text: "", at: 0 };

  function read(text) {
    const now = Date.now();
    if (!text.trim() || (text === last.text && now - last.at < SAME_AGAIN_MS)) return;
    last = { text, at: now };
    const answer = found(text);
    if (answer === null) return dialog.close();
    said.textContent = answer;
    navigator.vibrate?.(60);
  }

  async function look() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = stream;
      const readPicture = await reader();
      while (dialog.open) {
        if (video.readyState >= 2) for (const text of await readPicture(video)) read(text);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } catch (error) {
      video.hidden = true;
      said.textContent = error.name === "NotAllowedError" ? "The camera may not be used. Type the number on the label." : "There is no camera to use. Type the number on the label.";
    }
  }

  dialog.addEventListener("close", () => {
    stream?.getTracks().forEach((track) => track.stop());
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  look();
  return dialog;
}

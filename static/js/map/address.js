// The part of the address after #: where the camera looks and which device is open. Pure.

/** {camera: {zoom, latitude, longitude} | null, device: id | null} */
export function readHash(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const parts = (values.get("map") ?? "").split("/").map(Number);
  const [zoom, latitude, longitude] = parts;
  const sound =
    parts.length === 3 && parts.every(Number.isFinite) && zoom >= 0 && zoom <= 24 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 360;
  const device = values.get("device");
  return {
    camera: sound ? { zoom, latitude, longitude } : null,
    device: device && /^dev_[0-9a-f]{32}$/.test(device) ? device : null,
  };
}

/** The inverse. Digits follow the zoom: a pixel is what matters. */
export function writeHash({ camera, device }) {
  const parts = [];
  if (camera) {
    const digits = Math.max(2, Math.ceil(camera.zoom / 3));
    const round = (value) => Number(value.toFixed(digits));
    parts.push(`map=${Number(camera.zoom.toFixed(2))}/${round(camera.latitude)}/${round(camera.longitude)}`);
  }
  if (device) parts.push(`device=${device}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

// Runs in MapLibre's own worker: answers atlas://<scale>/<part> there, so that no coast ever stops the markers.

// MapLibre evaluates this from a copy that has no address of its own: places are counted from its worker's file,
// static/vendor/maplibre-gl/dist/maplibre-gl-worker.mjs.
const vendor = new URL("../../", self.location.href);
const earthAddress = new URL("../js/map/earth.js", vendor);
let kept = { scale: null, parts: null }; // the parts of one scale are asked for together

self.addProtocol("atlas", async ({ url }) => {
  const [scale, part] = url.slice("atlas://".length).split("/");
  if (kept.scale !== scale) kept = { scale, parts: read(scale) };
  const { parts } = kept;
  try {
    return { data: (await parts)[part] };
  } catch (error) {
    if (kept.parts === parts) kept = { scale: null, parts: null };
    throw error;
  }
});

async function read(scale) {
  const [topojson, earth] = await Promise.all([import(new URL("topojson-client/src/index.js", vendor)), import(earthAddress)]);
  const answer = await fetch(new URL(`world-atlas/countries-${scale}.json`, vendor));
  if (!answer.ok) throw new Error(`the basemap at 1:${scale} did not load: ${answer.status}`);
  const atlas = await answer.json();
  const countries = topojson.feature(atlas, atlas.objects.countries);
  for (const country of countries.features) country.geometry &&= earth.flattened(country.geometry);
  const lines = (kind) => earth.flattened(topojson.mesh(atlas, atlas.objects.countries, kind));
  return {
    land: countries,
    borders: feature(lines((a, b) => a !== b)),
    coast: feature(lines((a, b) => a === b)),
    places: { type: "FeatureCollection", features: countries.features.flatMap((country) => placeOf(country, earth)) },
  };
}

function feature(geometry, properties = {}) {
  return { type: "Feature", properties, geometry };
}

function placeOf({ geometry, properties }, { middleOf }) {
  const middle = geometry && middleOf(geometry);
  if (!middle || !properties?.name) return [];
  const { x, y, size } = middle;
  return [feature({ type: "Point", coordinates: [x, y] }, { name: properties.name, size })];
}

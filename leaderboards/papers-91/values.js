// The values of the pictures, in native depth: srbench.values(look, image) loads the script that holds those of an image
// and gives {layers: {NAME: layer}}; a layer has width, height, channels, dtype, data (a typed array, pixel after pixel),
// and what its numbers mean: low, high, unit, curve, knee, pivot, window. srbench.shown(layer) is what pages show of it.
(() => {
  "use strict";

  const TYPES = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array };
  const WORDS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };
  const given = new Map(); // by its place, what a script brought
  const known = new Map(); // by the place of a script, the promise of its layers

  async function inflated(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Bytes as srbench/leaderboard/gallery/values.py packs them: planes of bytes, of differences along three axes.
  async function unpacked({ width, height, channels, dtype, values, data }) {
    const Type = TYPES[dtype], size = Type.BYTES_PER_ELEMENT, count = width * height * channels;
    const bytes = await inflated(data);
    if (bytes.length !== count * size) throw new Error("The values are not those of this picture.");
    const words = new WORDS[size](count);
    for (let c = 0; c < channels; c += 1) {
      for (let y = 0; y < height; y += 1) {
        let left = 0;
        for (let x = 0; x < width; x += 1) {
          const from = (c * height + y) * width + x, to = (y * width + x) * channels + c;
          let word = 0;
          for (let part = size - 1; part >= 0; part -= 1) word = word * 256 + bytes[part * count + from];
          left += word;
          words[to] = left;
        }
      }
    }
    // Sums wrap around, as the differences did.
    for (let place = 0; place < count; place += 1) if (place % channels) words[place] += words[place - 1];
    for (let place = width * channels; place < count; place += 1) words[place] += words[place - width * channels];
    return { width, height, channels, dtype, ...values, data: new Type(words.buffer) };
  }

  function loaded(place) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = place;
      script.onload = () => (given.has(place) ? resolve(given.get(place)) : reject(new Error(`${place} holds no values.`)));
      script.onerror = () => reject(new Error(`${place} is not there: the values of this picture cannot be shown.`));
      document.head.append(script);
    });
  }

  async function layersOf(image) {
    if (!image.values) throw new Error("This board was published without the values of its pictures.");
    const packed = await loaded(image.values);
    if (packed.length !== image.layers.length) throw new Error(`${image.values} is of other pictures.`);
    const layers = Object.create(null); // in which any name is a name
    for (const [place, layer] of image.layers.entries()) layers[layer.name] = await unpacked(packed[place]);
    return { layers };
  }

  // Promise of the values of an image: `look` is its place in the page's data, `id` its name.
  async function valuesOf(look, id) {
    const image = galleries[look] && galleries[look].images.find((one) => one.id === id);
    if (!image) throw new Error("There is no such image on this board.");
    const place = `${look} ${id}`;
    if (!known.has(place)) known.set(place, layersOf(image));
    return known.get(place);
  }

  // What bends the numbers of a layer along its curve.
  const bent = ({ curve, pivot, knee }) => (curve === "asinh" ? (value) => Math.asinh((value - pivot) / knee) : (value) => value);

  // One number of a picture as pages show it: 0 for black to 255 for white, and grey where nothing was measured.
  function shade(layer) {
    const bend = bent(layer);
    const plain = layer.window ? (value) => value : bend;
    const [low, high] = layer.window || [bend(layer.low), bend(layer.high)];
    return (value) => (Number.isNaN(value) ? 128 : Math.floor(Math.min(1, Math.max(0, (plain(value) - low) / (high - low))) * 255 + 0.5));
  }

  // The pixels of a layer as pages show them, as ImageData.
  function shown(layer) {
    const { width, height, channels, data } = layer;
    const pixels = new ImageData(width, height), of = shade(layer);
    for (let place = 0; place < width * height; place += 1) {
      for (let c = 0; c < 3; c += 1) pixels.data[4 * place + c] = of(data[place * channels + (channels === 3 ? c : 0)]);
      pixels.data[4 * place + 3] = 255;
    }
    return pixels;
  }

  const holder = document.getElementById("look-data");
  const galleries = holder ? JSON.parse(holder.textContent) : [];
  window.srbench = Object.assign(window.srbench || {}, { given: (place, layers) => given.set(place, layers), values: valuesOf, bent, shown });
})();

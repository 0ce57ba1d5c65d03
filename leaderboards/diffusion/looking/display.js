// The numbers behind the pictures of the image that is looked at: at a pixel, and shown by another level and width.
(() => {
  "use strict";

  const { viewer } = window.srbench;
  if (!viewer) return;
  const { state, image, gallery, change, form } = viewer;
  const holder = document.querySelector(".display");
  const sliders = { level: form.elements.level, breadth: form.elements.breadth };
  const [black, white] = ["black", "white"].map((name) => holder.querySelector(`[name=${name}]`));
  const NARROWEST = 1e-4;
  const BEND = 10;
  const held = { of: null, layers: null, trouble: "" };
  const listeners = [];

  // The values of the image that is looked at, or null until they are there; `load` asks for them.
  const layers = () => (held.of === image() ? held.layers : null);
  const trouble = () => (held.of === image() ? held.trouble : "");

  async function load() {
    const asked = image();
    if (held.of === asked) return;
    Object.assign(held, { of: asked, layers: null, trouble: "" });
    let [found, trouble] = [null, ""];
    try {
      found = (await window.srbench.values(state.look, state.image)).layers;
    } catch (error) {
      trouble = error.message;
    }
    if (held.of !== asked) return;
    Object.assign(held, { layers: found, trouble });
    draw();
    for (const listen of listeners) listen();
  }

  // Where a pixel of HR lies among the numbers of a layer; -1 outside of the window.
  function placeOf(layer, pixel) {
    const x = Math.floor(((pixel.x - image().left) * layer.width) / image().width);
    const y = Math.floor(((pixel.y - image().top) * layer.height) / image().height);
    return x < 0 || y < 0 || x >= layer.width || y >= layer.height ? -1 : (y * layer.width + x) * layer.channels;
  }

  function inWords(value) {
    if (Number.isNaN(value)) return "not measured";
    return String(Number.isInteger(value) ? value : Number(value.toPrecision(4))).replace("-", "−");
  }

  // The numbers at a pixel of HR; empty where they are not there.
  function at(name, pixel) {
    const layer = layers() && layers()[name];
    const place = layer ? placeOf(layer, pixel) : -1;
    return place < 0 ? "" : Array.from(layer.data.subarray(place, place + layer.channels), inWords).join(" ");
  }

  // ---- level and width
  const chosen = () => state.level !== null || state.breadth !== null || state.curve !== "linear";
  const anyLayer = () => Object.values(layers() || {})[0];

  // The values that are black and white: those of the image as it was published, until others are chosen.
  function window_(layer) {
    const [low, high] = layer.window || [layer.low, layer.high];
    return { level: state.level ?? (low + high) / 2, breadth: state.breadth ?? high - low };
  }

  function shade(layer) {
    const { level, breadth } = window_(layer);
    const low = level - breadth / 2;
    const bend = state.curve === "asinh" ? (part) => Math.asinh(BEND * part) / Math.asinh(BEND) : (part) => part;
    const of = (value) => (Number.isNaN(value) ? 128 : Math.round(255 * bend(Math.min(1, Math.max(0, (value - low) / breadth)))));
    if (layer.data.BYTES_PER_ELEMENT > 2 || layer.data instanceof Int16Array) return of;
    const table = Uint8Array.from({ length: layer.data.BYTES_PER_ELEMENT === 1 ? 256 : 65536 }, (_, value) => of(value));
    return (value) => table[value];
  }

  function fill(canvas, { width, height }, colour) {
    Object.assign(canvas, { width, height });
    const pixels = new ImageData(width, height);
    for (let place = 0; place < width * height; place += 1) colour(pixels.data, 4 * place, place);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  // What draws a layer by the chosen level and width onto a canvas; null where it is shown as it was published.
  function painter(name) {
    const layer = chosen() && layers() ? layers()[name] : null;
    if (!layer) return null;
    const of = shade(layer);
    const { channels, data } = layer;
    return (canvas) => fill(canvas, layer, (to, place, pixel) => {
      for (let c = 0; c < 3; c += 1) to[place + c] = of(data[pixel * channels + (channels === 3 ? c : 0)]);
      to[place + 3] = 255;
    });
  }

  // ---- how far two pictures are apart
  function parts(layer) {
    const bend = window.srbench.bent(layer);
    const [low, high] = [bend(layer.low), bend(layer.high)];
    return (value) => (bend(value) - low) / (high - low);
  }

  const colours = JSON.parse(document.getElementById("error-colours").textContent).map((text) => [1, 3, 5].map((from) => parseInt(text.slice(from, from + 2), 16)));

  // The absolute difference of two layers at a pixel of the larger, as the protocol takes errors: a part of the data range.
  function apart(a, b) {
    const [large, small] = a.width >= b.width ? [a, b] : [b, a];
    const { weights } = gallery();
    const [ofLarge, ofSmall] = [parts(large), parts(small)];
    const weighed = weights && large.channels === 3 && small.channels === 3;
    return (x, y) => {
      const one = (y * large.width + x) * large.channels;
      const other = (Math.floor((y * small.height) / large.height) * small.width + Math.floor((x * small.width) / large.width)) * small.channels;
      let sum = 0;
      for (let c = 0; c < large.channels; c += 1) {
        const by = ofLarge(large.data[one + c]) - ofSmall(small.data[other + (small.channels === 3 ? c : 0)]);
        sum += weighed ? weights[c] * by : Math.abs(by) / large.channels;
      }
      return Math.abs(sum);
    };
  }

  // What draws |A - B| in the colours of error maps, grey where nothing is scored; null where the values are not there.
  function difference(a, b) {
    const [one, other] = layers() ? [layers()[a], layers()[b]] : [];
    if (!one || !other) return null;
    const size = one.width >= other.width ? one : other;
    const of = apart(one, other);
    const { white, border } = gallery();
    const { left, top, width, whole } = image();
    const step = width / size.width; // in pixels of HR
    const isScored = (at, side) => at >= border && at < side - border;
    return (canvas) => fill(canvas, size, (to, place, pixel) => {
      const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
      const error = isScored(left + x * step, whole[0]) && isScored(top + y * step, whole[1]) ? of(x, y) : NaN;
      const colour = Number.isNaN(error) ? [128, 128, 128] : colours[Math.round(Math.min(1, error / white) * (colours.length - 1))];
      to.set([...colour, 255], place);
    });
  }

  // ---- the sliders: level over the range of values, width by factors; and the numbers themselves
  function draw() {
    holder.hidden = !image().values;
    const layer = anyLayer();
    for (const input of [...Object.values(sliders), black, white]) input.disabled = !layer;
    const told = document.getElementById("display-words");
    if (!layer) return void (told.textContent = trouble());
    const { level, breadth } = window_(layer);
    const range = layer.high - layer.low;
    sliders.level.value = String((1000 * (level - layer.low)) / range);
    sliders.breadth.value = String(1000 * (1 - Math.log(breadth / range) / Math.log(NARROWEST)));
    black.value = Number((level - breadth / 2).toPrecision(7));
    white.value = Number((level + breadth / 2).toPrecision(7));
    told.textContent = layer.unit || "";
  }

  holder.addEventListener("toggle", load);
  holder.addEventListener("input", (event) => {
    const layer = anyLayer();
    const value = Number(event.target.value) / 1000;
    const range = layer ? layer.high - layer.low : 0;
    if (event.target === sliders.level) change({ level: Number((layer.low + value * range).toPrecision(6)) }, true);
    if (event.target === sliders.breadth) change({ breadth: Number((range * NARROWEST ** (1 - value)).toPrecision(6)) }, true);
  });
  holder.addEventListener("change", (event) => {
    if (event.target !== black && event.target !== white) return;
    const [low, high] = [black.valueAsNumber, white.valueAsNumber];
    if (low < high) change({ level: (low + high) / 2, breadth: high - low });
    else draw(); // a number that is none, or black above white, leaves all as it was
  });
  document.getElementById("as-published").addEventListener("click", () => change({ level: null, breadth: null, curve: "linear" }));
  viewer.on((changed) => {
    if (chosen() || holder.open || state.mode === "difference") load();
    if (["look", "image", "level", "breadth", "curve"].some((name) => changed.has(name))) draw();
    if (chosen() && ["level", "breadth", "curve"].some((name) => changed.has(name))) holder.open = true;
  });

  Object.assign(window.srbench, { display: { load, layers, trouble, at, painter, difference, chosen, on: (listen) => listeners.push(listen) } });
})();

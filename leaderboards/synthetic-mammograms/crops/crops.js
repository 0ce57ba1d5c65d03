// The crop tool: boxes on one image, and the figure that comes of them. All that is chosen is kept in the address.
(() => {
  "use strict";

  const { address, drawBoxesOn, figure, isHidden, shown, values } = window.srbench;
  const tool = document.getElementById("crops");
  if (!tool) return;
  const galleries = JSON.parse(document.getElementById("look-data").textContent);
  const board = JSON.parse(document.getElementById("crop-data").textContent);
  const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#aa3377", "#8a6d00", "#333333"]; // dark enough beside white, told apart by colour-blind eyes
  const MOST = 40, LEAST = 4, CROP = 128, LARGEST = 512, LINE = 1100; // the last three in the figure's own pixels
  const MOST_PIXELS = 16384; // of a side: more is drawn by no browser
  const FIELDS = { x: "x", y: "y", width: "width", height: "height" };
  const form = tool.querySelector("form");
  const field = (name) => form.elements[name];
  const part = (name) => tool.querySelector(`.crop-${name}`);
  const stage = part("stage");
  const preview = part("figure").querySelector("canvas");
  // Boxes are in pixels of the whole image. layers, metrics: names, or null for what a figure has when nobody chose.
  const state = { look: 0, image: "", boxes: [], zoom: 0, row: 0, layers: null, metrics: null };
  let pictures = null; // by layer: width, height and pixels as shown
  let pictured = ""; // the image that these are of
  let scene = null;
  let asked = 0;
  let untouched = true; // the boxes are none that anybody drew

  const gallery = () => galleries[state.look];
  const image = () => gallery().images.find((one) => one.id === state.image);
  const names = () => image().layers.map((layer) => layer.name);
  const reference = () => (names().includes("HR") ? "HR" : names().find((name) => name !== "LR") || names()[0]);
  const clamp = (value, low, high) => Math.min(high, Math.max(low, Math.round(value) || 0));

  // LR, then methods as they rank, then HR.
  function ordered() {
    const { methods, metric } = gallery();
    const place = (name) => (name === "LR" ? -1 : name === "HR" ? Infinity : methods[name].places[metric] ?? Number.MAX_VALUE);
    return names().map((name, at) => ({ name, at })).sort((a, b) => place(a.name) - place(b.name) || a.at - b.at).map(({ name }) => name);
  }

  function usual() {
    const methods = ordered().filter((name) => name !== "LR" && name !== "HR");
    const kept = new Set(methods.slice(0, MOST));
    return ordered().filter((name) => kept.has(name) || !methods.includes(name));
  }

  const metrics = () => [...new Set(gallery().images.flatMap((one) => one.layers.flatMap((layer) => Object.keys(layer.scores))))];
  const chosenLayers = () => ordered().filter((name) => (state.layers || usual()).includes(name));
  const chosenMetrics = () => metrics().filter((metric) => !state.metrics || state.metrics.includes(metric));

  // A box inside the window, whatever was said.
  function settled(box) {
    const { left, top, width, height } = image();
    const wide = clamp(box.width, Math.min(LEAST, width), width), high = clamp(box.height, Math.min(LEAST, height), height);
    return { x: clamp(box.x, left, left + width - wide), y: clamp(box.y, top, top + height - high), width: wide, height: high };
  }

  // In the middle, and of the next ones a little further each.
  function anotherBox() {
    const { left, top, width, height } = image();
    const side = Math.max(LEAST, Math.floor(Math.min(width, height) / 8)), step = state.boxes.length * side * 0.75;
    return settled({ x: left + (width - side) / 2 + step, y: top + (height - side) / 2 + step, width: side, height: side });
  }

  // The boxes at the same places of another image's window.
  function onto(id) {
    const from = image(), to = gallery().images.find((one) => one.id === id);
    return state.boxes.map((box) => ({ ...box, x: box.x - from.left + to.left, y: box.y - from.top + to.top }));
  }

  function settle() {
    if (!galleries[state.look]) state.look = 0;
    if (!image()) state.image = gallery().images[0].id;
    state.boxes = state.boxes.slice(0, COLOURS.length).map(settled);
    if (!state.boxes.length) state.boxes = [anotherBox()];
    state.zoom = clamp(state.zoom, 0, 16);
    state.row = clamp(state.row, 0, MOST + 2);
  }

  const zoom = (box) => Math.max(1, Math.min(state.zoom || Math.floor(CROP / box.width), Math.floor(LARGEST / Math.max(box.width, box.height))));

  // ---- the address
  function remember() {
    const said = new URLSearchParams({ look: gallery().name, image: state.image });
    for (const { x, y, width, height } of state.boxes) said.append("box", [x, y, width, height].join(" "));
    for (const name of ["zoom", "row"]) if (state[name]) said.set(name, state[name]);
    for (const name of ["layers", "metrics"]) {
      if (state[name]) for (const one of state[name].length ? state[name] : [""]) said.append(name, one); // "" says: none
    }
    address.set("crop", tool.open ? String(said) : null);
  }

  function recall() {
    const crop = address.get("crop");
    if (!crop) return false;
    const said = new URLSearchParams(crop);
    const many = (name) => (said.has(name) ? said.getAll(name) : null);
    const boxes = said.getAll("box").map((text) => text.split(" ").map(Number)).filter((box) => box.length === 4);
    untouched = !boxes.length;
    Object.assign(state, {
      look: galleries.findIndex((one) => one.name === said.get("look")), image: said.get("image"),
      boxes: boxes.map(([x, y, width, height]) => ({ x, y, width, height })),
      zoom: Number(said.get("zoom")), row: Number(said.get("row")), layers: many("layers"), metrics: many("metrics"),
    });
    return true;
  }

  // ---- pictures
  const crop = (name, box, times) => figure.crop(pictures.get(name), image(), box, times);

  function whole() {
    const { left, top, width, height } = image();
    return crop(reference(), { x: left, y: top, width, height }, 1);
  }

  const marks = () => state.boxes.map((box, place) => ({ ...box, x: box.x - image().left, y: box.y - image().top, colour: COLOURS[place] }));

  function drawStage() {
    const { width, height } = image();
    figure.paint(figure.overview(whole(), marks(), Math.max(1, Math.floor(512 / Math.max(width, height)))), 1, stage);
    stage.setAttribute("aria-label", `${state.image}: ${reference()}, with ${state.boxes.length === 1 ? "a box" : `${state.boxes.length} boxes`}`);
  }

  function drawFigure() {
    const chosen = chosenLayers();
    if (!chosen.length) {
      withoutFigure("No picture is chosen.");
      return;
    }
    const shownMetrics = chosenMetrics();
    const columns = chosen.map((name) => {
      const { scores } = image().layers.find((layer) => layer.name === name);
      return {
        title: name,
        scores: shownMetrics.filter((metric) => metric in scores).map((metric) => `${gallery().labels[metric]} ${scores[metric]}`),
        crops: state.boxes.map((box) => crop(name, box, zoom(box))),
      };
    });
    const widest = Math.max(...state.boxes.map((box) => box.width * zoom(box)));
    const bands = Math.ceil(chosen.length / Math.max(1, Math.floor((LINE - figure.WHOLE) / (widest + figure.GAP))));
    const row = state.row || Math.ceil(chosen.length / bands);
    scene = figure.layout({ whole: { picture: whole(), title: `${state.image}, ${reference()}` }, boxes: marks(), columns, row });
    figure.paint(scene, Math.min(2, MOST_PIXELS / Math.max(scene.width, scene.height)), preview);
    preview.style.width = `${scene.width}px`;
    preview.setAttribute("aria-label", caption());
    field("zoom").placeholder = [...new Set(state.boxes.map(zoom))].join(", ");
    field("row").placeholder = `${row}`;
    part("words").textContent = "";
    ready(true);
  }

  function ready(isThere) {
    part("figure").hidden = !isThere;
    for (const name of ["png", "svg", "latex"]) field(name).disabled = !isThere;
  }

  function withoutFigure(words) {
    scene = null;
    part("words").textContent = words;
    ready(false);
  }

  // ---- fields
  function option(kind, name, label, checked) {
    const holder = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name: kind, value: name, checked });
    holder.append(box, ` ${label}`);
    return holder;
  }

  function boxFields(place) {
    const set = document.createElement("fieldset"), legend = document.createElement("legend"), swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = COLOURS[place];
    legend.append(swatch, ` Box ${place + 1}`);
    set.append(legend);
    for (const [name, words] of Object.entries(FIELDS)) {
      const label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "number", name: `${name}-${place}` });
      label.append(`${words} `, input);
      set.append(label);
    }
    const remove = document.createElement("button");
    Object.assign(remove, { type: "button", textContent: "Remove", name: `remove-${place}` });
    remove.setAttribute("aria-label", `Remove box ${place + 1}`);
    remove.addEventListener("click", () => {
      change({ boxes: state.boxes.filter((_, at) => at !== place) });
      (field(`remove-${Math.min(place, state.boxes.length - 1)}`) || field("add")).focus();
    });
    set.append(remove);
    return set;
  }

  function drawBoxes() {
    const holder = part("boxes"), { left, top, width, height } = image();
    if (holder.children.length !== state.boxes.length) holder.replaceChildren(...state.boxes.map((_, place) => boxFields(place)));
    const ends = { x: [left, left + width], y: [top, top + height], width: [LEAST, width], height: [LEAST, height] };
    for (const [place, box] of state.boxes.entries()) {
      for (const name of Object.keys(FIELDS)) {
        const input = field(`${name}-${place}`);
        [input.min, input.max] = ends[name];
        input.value = box[name];
      }
    }
    field("add").disabled = state.boxes.length === COLOURS.length;
  }

  function drawFields() {
    const select = (name, options, chosen) => {
      field(name).replaceChildren(...options.map(([value, words, hidden]) => {
        const one = new Option(words, value, false, value === chosen);
        one.hidden = one.disabled = Boolean(hidden);
        return one;
      }));
      field(name).value = chosen;
    };
    select("look", galleries.map((one, place) => [String(place), one.name, isHidden({ dataset: one.dataset, protocol: one.protocol })]), String(state.look));
    select("image", gallery().images.map((one) => [one.id, one.id]), state.image);
    for (const name of ["zoom", "row"]) field(name).value = state[name] || "";
    const chosen = chosenLayers();
    const legend = part("names").firstElementChild;
    part("names").replaceChildren(legend, ...ordered().map((name) => option("layer", name, name, chosen.includes(name))));
    field("all").textContent = names().length > usual().length ? `The first ${MOST}` : "All";
    part("count").textContent = `${chosen.length} of ${names().length}`;
    const { labels } = gallery();
    const kept = chosenMetrics();
    part("metrics").replaceChildren(part("metrics").firstElementChild, ...metrics().map((metric) => option("metric", metric, labels[metric], kept.includes(metric))));
    part("metrics").hidden = !metrics().length;
  }

  // What had the focus among checkboxes that are made anew has it again.
  function keepingFocus(make) {
    const { name, value, type } = document.activeElement || {};
    make();
    if (type === "checkbox") [...form.querySelectorAll("[type=checkbox]")].find((one) => one.name === name && one.value === value)?.focus();
  }

  // Draws what is chosen; the values of an image are loaded when they are first wanted.
  async function draw() {
    settle();
    keepingFocus(drawFields);
    drawBoxes();
    const turn = ++asked, wanted = `${state.look} ${state.image}`;
    if (wanted !== pictured) {
      pictures = null;
      withoutFigure("");
    }
    try {
      const { layers } = await values(state.look, state.image);
      if (turn !== asked) return;
      if (!pictures) pictures = new Map(Object.keys(layers).map((name) => [name, shown(layers[name])]));
      pictured = wanted;
      drawStage();
      drawFigure();
    } catch (error) {
      if (turn === asked) withoutFigure(error.message);
    }
  }

  function change(changes) {
    Object.assign(state, changes);
    if (changes.boxes) untouched = !changes.boxes.length;
    settle();
    draw();
    remember();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    const ticked = (kind) => [...form.querySelectorAll(`[name=${kind}]:checked`)].map((one) => one.value);
    const [name, place] = target.name.split("-");
    if (place !== undefined) change({ boxes: state.boxes.map((box, at) => (at === Number(place) ? { ...box, [name]: Number(target.value) } : box)) });
    else if (name === "look") change({ look: Number(target.value), image: "", boxes: [], layers: null, metrics: null });
    else if (name === "image") change({ image: target.value, boxes: untouched ? [] : onto(target.value) });
    else if (name === "layer") change({ layers: ticked("layer") });
    else if (name === "metric") change({ metrics: ticked("metric") });
    else if (name === "zoom" || name === "row") change({ [name]: Number(target.value) });
  });
  field("add").addEventListener("click", () => {
    change({ boxes: [...state.boxes, anotherBox()] });
    field(`x-${state.boxes.length - 1}`).focus();
  });
  field("all").addEventListener("click", () => change({ layers: null }));
  field("none").addEventListener("click", () => change({ layers: [] }));

  // ---- boxes drawn by hand: the first takes the place of the one that nobody drew
  drawBoxesOn(stage, {
    image: () => (pictures ? image() : null),
    boxes: () => state.boxes,
    kept: () => (untouched ? [] : state.boxes),
    most: COLOURS.length,
    least: LEAST,
    settled,
    show: (boxes) => {
      const before = state.boxes;
      state.boxes = boxes;
      drawStage();
      state.boxes = before;
    },
    done: (boxes) => change({ boxes }),
  });

  // ---- files
  function caption() {
    const at = (box, place) => `${state.boxes.length > 1 ? `(${place + 1}) ` : ""}${box.width} × ${box.height} pixels from (${box.x}, ${box.y}), magnified ${zoom(box)} times`;
    const labels = [...part("metrics").querySelectorAll(":checked")].map((one) => one.parentNode.textContent.trim());
    const below = labels.length ? ` Below them: ${labels.join(", ")} of the whole image.` : "";
    return `Image ${state.image} of ${gallery().dataset} (protocol ${gallery().protocol}), and crops of it: ${state.boxes.map(at).join("; ")}.${below} `
      + `Board ${board.board}, sha256 ${board.sha256.slice(0, 12)}.`;
  }

  const slug = (text) => text.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "x";
  const name = () => `crops-${slug(gallery().dataset)}-${slug(state.image)}`;

  function save(content, file) {
    const link = document.createElement("a");
    Object.assign(link, { href: URL.createObjectURL(content), download: file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    part("words").textContent = `Saved as ${file}.`;
  }

  field("png").addEventListener("click", () => {
    const scale = Number(field("scale").value), [width, height] = [scene.width * scale, scene.height * scale];
    if (Math.max(width, height) > MOST_PIXELS) {
      part("words").textContent = `${width} × ${height} pixels are more than browsers can draw: choose a smaller size, or fewer pictures.`;
      return;
    }
    figure.paint(scene, scale).toBlob((blob) => {
      if (blob) save(blob, `${name()}.png`);
      else part("words").textContent = "The picture is too large for this browser: choose a smaller size, or fewer pictures.";
    }, "image/png");
  });
  field("svg").addEventListener("click", () => save(new Blob([figure.svg(scene, caption())], { type: "image/svg+xml" }), `${name()}.svg`));
  field("latex").addEventListener("click", () => {
    const origin = `${board.board}. srbench board ${board.name}, sha256:${board.sha256}`;
    const text = figure.latex({ file: `${name()}.png`, caption: caption(), label: name(), origin });
    save(new Blob([text], { type: "text/x-tex" }), `${name()}.tex`);
  });

  // ---- from the beginning
  // A gallery of the dataset and protocol that are chosen; without any there is nothing to cut from.
  function follow() {
    const within = galleries.findIndex((one) => !isHidden({ dataset: one.dataset, protocol: one.protocol }));
    tool.hidden = within < 0;
    if (within < 0 || (galleries[state.look] && !isHidden({ dataset: gallery().dataset, protocol: gallery().protocol }))) return;
    Object.assign(state, { look: within, image: "", boxes: [], layers: null, metrics: null });
  }
  tool.addEventListener("toggle", () => {
    const { viewer } = window.srbench;
    if (tool.open && untouched && viewer) Object.assign(state, { look: viewer.state.look, image: viewer.state.image, boxes: [] }); // what is looked at
    follow();
    if (tool.open) draw();
    remember();
  });
  window.addEventListener("hashchange", () => {
    if (!recall()) return void (tool.open && remember()); // a link within the page
    if (tool.open) draw();
    else tool.open = true;
  });
  const filters = document.querySelector(".filters");
  if (filters) {
    filters.addEventListener("change", () => {
      follow();
      if (tool.open && !tool.hidden) draw();
    });
  }
  follow();
  if (recall()) {
    tool.open = true;
    tool.scrollIntoView();
  }
})();

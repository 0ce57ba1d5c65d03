// What is looked at: one state for the wall of pictures and the comparison of two, kept in the address.
(() => {
  "use strict";

  const { address, isHidden } = window.srbench;
  const holder = document.getElementById("look-data");
  if (!holder) return;
  const galleries = JSON.parse(holder.textContent);
  const filters = document.querySelector(".filters");
  const section = document.getElementById("look");
  const form = document.getElementById("look-form");
  const field = (name) => form.elements[name];
  // x, y: the pixel of HR in the middle; null for the middle of what is shown. level, breadth: null for as published.
  const BEGIN = {
    look: 0, image: "", a: "", b: "", mode: "wall", at: 50, zoom: "fit",
    x: null, y: null, size: "small", all: false, level: null, breadth: null, curve: "linear",
  };
  const state = { ...BEGIN };
  const listeners = [];
  let pending = 0;
  let isTold = false; // whether the address says what is looked at

  const gallery = () => galleries[state.look];
  const image = () => gallery().images.find((one) => one.id === state.image);
  const layer = (name) => image().layers.find((one) => one.name === name);
  const isMethod = (one) => Object.hasOwn(gallery().methods, one.name);

  // The metric whose scores stand below the pictures: the chosen one, where it has any.
  function metric() {
    const chosen = filters && filters.elements.by ? filters.elements.by.value : "";
    return image().layers.some((one) => Object.hasOwn(one.scores, chosen)) ? chosen : gallery().metric;
  }

  // LR, HR, and the methods from the first by the metric.
  function layers() {
    const by = metric();
    const place = (one) => (isMethod(one) ? gallery().methods[one.name].places[by] ?? Number.MAX_VALUE : one.name === "LR" ? -2 : -1);
    return [...image().layers].sort((a, b) => place(a) - place(b));
  }

  // The images that are the hardest, in the middle, and the easiest; they are listed from the hardest.
  function chosenImages() {
    const known = gallery().images.filter((one) => one.median);
    return known.length < 3 ? {} : { worst: known[0].id, typical: known[(known.length - 1) >> 1].id, best: known.at(-1).id };
  }

  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  const numberOr = (value, otherwise) => (value !== null && value !== "" && Number.isFinite(Number(value)) ? Number(value) : otherwise);

  // Whatever the address says, what is shown exists.
  function settle() {
    if (!galleries[state.look]) state.look = 0;
    if (!image()) state.image = gallery().images[0].id;
    const all = layers();
    const names = all.map((one) => one.name);
    const methods = all.filter(isMethod).map((one) => one.name);
    if (!names.includes(state.a)) state.a = methods[0] || names[0];
    if (!names.includes(state.b)) state.b = ["HR", ...methods, ...names].find((name) => name !== state.a && names.includes(name)) || names[0];
    const modes = [...form.elements.mode].map((one) => one.value);
    if (state.mode !== "wall" && !modes.includes(state.mode)) state.mode = "swipe";
    if (!["fit", "whole"].includes(state.zoom)) {
      const zoom = Math.round(Number(state.zoom));
      state.zoom = zoom >= 1 && zoom <= 32 ? zoom : "fit";
    }
    state.at = within(Math.round(numberOr(state.at, 50)), 0, 100);
    for (const name of ["x", "y", "level", "breadth"]) state[name] = numberOr(state[name], null);
    if (!["small", "medium", "large"].includes(state.size)) state.size = "small";
    if (!["linear", "asinh"].includes(state.curve)) state.curve = "linear";
    state.all = state.all === true || state.all === "true";
  }

  function fill(select, options, chosen) {
    select.replaceChildren(...options.map(([value, words]) => new Option(words, value, false, value === chosen)));
    select.value = chosen;
  }

  function drawForm(changed) {
    const anew = changed.has("look") || changed.has("image") || changed.has("metric");
    if (anew) {
      field("look").value = String(state.look);
      fill(field("image"), gallery().images.map((one) => [one.id, one.median ? `${one.id} · ${one.median}` : one.id]), state.image);
      for (const side of ["a", "b"]) fill(field(side), layers().map((one) => [one.name, one.name]), state[side]);
      const chosen = chosenImages();
      for (const button of document.querySelectorAll("[data-choose]")) {
        button.disabled = chosen[button.dataset.choose] === undefined;
        button.setAttribute("aria-pressed", String(chosen[button.dataset.choose] === state.image));
      }
      document.getElementById("window").textContent = `${state.image} (${gallery().name}): ${image().window}`;
      document.getElementById("trouble").textContent = gallery().trouble;
    }
    for (const side of ["a", "b"]) field(side).value = state[side];
    for (const one of form.elements.mode) one.checked = one.value === state.mode;
    field("size").value = state.size;
    field("curve").value = state.curve;
    const zoom = String(state.zoom);
    if (![...field("zoom").options].some((one) => one.value === zoom)) field("zoom").append(new Option(`${zoom}×`, zoom));
    field("zoom").value = zoom;
    field("zoom").querySelector("[value=whole]").hidden = !image().tiled;
  }

  // What is as it begins is not said.
  function remember() {
    const OFTEN = ["look", "image", "a", "b", "mode"];
    isTold = true;
    address.assign(Object.fromEntries(Object.entries(state).map(([name, value]) => [name, OFTEN.includes(name) || value !== BEGIN[name] ? value : ""])));
  }

  function tell(changed) {
    settle();
    if ([...changed].some((name) => !["at", "x", "y"].includes(name))) drawForm(changed);
    for (const listen of listeners) listen(changed);
  }

  // passing: one of many changes in a row, as of a pointer that moves; the address waits for the last.
  function change(changes, passing = false) {
    const changed = new Set(Object.keys(changes).filter((name) => changes[name] !== state[name]));
    if (changed.has("look") || changed.has("image")) Object.assign(state, { x: null, y: null, level: null, breadth: null });
    Object.assign(state, changes);
    if (changed.size) tell(changed);
    clearTimeout(pending);
    if (passing) pending = setTimeout(remember, 150);
    else remember();
  }

  const EVERYTHING = new Set(Object.keys(BEGIN));

  function recall(scroll) {
    if (!address.get("look")) return false; // nothing of the pictures, or a link to them all
    const before = { image: state.image, a: state.a, b: state.b };
    Object.assign(state, BEGIN, before);
    for (const name of Object.keys(BEGIN)) {
      const said = address.get(name);
      if (said !== null) state[name] = name === "look" ? Number(said) : said;
    }
    // An address that names two pictures and no mode swipes them.
    if (address.get("a") !== null && address.get("mode") === null) state.mode = "swipe";
    tell(EVERYTHING);
    if (scroll) section.scrollIntoView();
    return true;
  }

  // The galleries of the chosen dataset and protocol; without any, there is nothing to look at.
  function follow() {
    const places = galleries.map((one, place) => place).filter((place) => !isHidden({ dataset: galleries[place].dataset, protocol: galleries[place].protocol }));
    for (const option of field("look").options) option.hidden = option.disabled = !places.includes(Number(option.value));
    section.hidden = places.length === 0;
    if (!places.length) return;
    if (!places.includes(state.look)) Object.assign(state, { look: places[0], x: null, y: null, level: null, breadth: null });
    tell(new Set(["look", "metric"]));
  }

  // One image further, or back.
  function step(by) {
    const ids = gallery().images.map((one) => one.id);
    change({ image: ids[(ids.indexOf(state.image) + by + ids.length) % ids.length] });
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("change", (event) => {
    const { name, value, form: owner } = event.target;
    if (owner === form && Object.hasOwn(BEGIN, name) && event.target.type !== "range") change({ [name]: name === "look" ? Number(value) : value });
  });
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => change({ image: chosenImages()[button.dataset.choose] }));
  }
  for (const link of document.querySelectorAll("a[data-look]")) {
    link.href = `#${link.dataset.look}`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const { look, ...rest } = Object.fromEntries(new URLSearchParams(link.dataset.look));
      change({ look: Number(look), mode: "swipe", ...rest });
      section.scrollIntoView();
    });
  }

  window.srbench.viewer = {
    state, gallery, image, layer, layers, isMethod, metric, change, step, form, section,
    on: (listen) => listeners.push(listen),
    // Called once all that listen are there: begin with what the address says, or what stands there without script.
    begin: () => {
      for (const one of galleries.flatMap((each) => each.images)) one.tiled = one.layers.some((each) => each.tiles && each.tiles.length > 0);
      const { image: shown, a, b } = section.querySelector(".wall").dataset;
      Object.assign(state, { image: shown, a, b });
      for (const part of section.querySelectorAll("[data-scripted]")) part.hidden = false;
      if (!recall(true)) tell(EVERYTHING);
      follow();
      window.addEventListener("hashchange", () => {
        if (recall(true)) follow();
        else if (isTold) remember(); // a link within the page
      });
      if (filters) filters.addEventListener("change", follow);
    },
  };
})();

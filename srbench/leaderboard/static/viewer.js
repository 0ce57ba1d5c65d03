// The viewer: two pictures of one place, swiped, side by side, in turn, or as error maps. Without it two stand side by side.
(() => {
  "use strict";

  const { address, isHidden } = window.srbench;
  const filters = document.querySelector(".filters");
  const holder = document.getElementById("look-data");
  if (!holder) return;
  const galleries = JSON.parse(holder.textContent);
  const form = document.querySelector(".controls");
  const stage = document.querySelector(".stage");
  const panes = { a: document.getElementById("pane-a"), b: document.getElementById("pane-b") };
  const slider = document.getElementById("swipe-at");
  const field = (name) => form.elements[name];
  const state = { look: 0, image: "", a: "", b: "", mode: "swipe", at: 50, zoom: "fit" };

  const gallery = () => galleries[state.look];
  const image = () => gallery().images.find((one) => one.id === state.image);
  const layer = (name) => image().layers.find((one) => one.name === name);

  // Whatever the address says, what is shown exists.
  function settle() {
    if (!galleries[state.look]) state.look = 0;
    if (!image()) state.image = gallery().images[0].id;
    const names = image().layers.map((one) => one.name);
    if (!names.includes(state.a)) state.a = names.find((name) => name !== "HR") || names[0];
    if (!names.includes(state.b)) state.b = names.find((name) => name !== state.a) || names[0];
    if (![...form.querySelectorAll("[name=mode]")].some((one) => one.value === state.mode)) state.mode = "swipe";
    if (!["fit", "2", "4", "8"].includes(state.zoom)) state.zoom = "fit";
    state.at = Math.min(100, Math.max(0, Number.isFinite(Number(state.at)) ? Math.round(Number(state.at)) : 50));
  }

  function fill(select, values, chosen) {
    select.replaceChildren(...values.map((value) => new Option(value, value, false, value === chosen)));
    select.value = chosen;
  }

  function paint(side, chosen) {
    const pane = panes[side];
    const maps = { error: chosen.error, hallucination: chosen.map };
    const source = state.mode in maps ? maps[state.mode] : chosen.src;
    const shown = image();
    if (!source) {
      const words = document.createElement("p");
      words.textContent = chosen.name === "HR" || chosen.name === "LR" ? `${chosen.name} has no ${state.mode} map: it shows a method against HR.` : `There is no ${state.mode} map: HR or LR was not at hand.`;
      pane.replaceChildren(words);
    } else {
      let picture = pane.querySelector("img");
      if (!picture) {
        picture = document.createElement("img");
        pane.replaceChildren(picture);
      }
      picture.draggable = false;
      picture.src = source;
      picture.alt = `${shown.id}: ${state.mode in maps ? `${state.mode} map of ` : ""}${chosen.name}`;
      picture.width = shown.width;
      picture.height = shown.height;
      picture.style.width = state.zoom === "fit" ? "" : `${shown.width * Number(state.zoom)}px`;
      picture.style.aspectRatio = `${shown.width} / ${shown.height}`;
    }
    const caption = document.getElementById(`caption-${side}`);
    const letter = document.createElement("b");
    letter.textContent = side.toUpperCase();
    const words = state.mode === "hallucination" ? chosen.shares : chosen.words;
    caption.replaceChildren(letter, ` ${chosen.name}${words ? `: ${words}` : ""}`);
  }

  // The galleries of the chosen dataset and protocol; without any, there is nothing to look at.
  const within = () => galleries.map((one, place) => place).filter((place) => !isHidden({ dataset: galleries[place].dataset, protocol: galleries[place].protocol }));

  function follow() {
    const places = within();
    for (const option of field("look").options) option.hidden = option.disabled = !places.includes(Number(option.value));
    document.querySelector(".viewer").hidden = places.length === 0;
    if (places.length && !places.includes(state.look)) { state.look = places[0]; draw(); }
  }

  function draw() {
    settle();
    field("look").value = String(state.look);
    fill(field("image"), gallery().images.map((one) => one.id), state.image);
    for (const side of ["a", "b"]) fill(field(side), image().layers.map((one) => one.name), state[side]);
    field("mode").value = state.mode;
    field("zoom").value = state.zoom;
    slider.value = String(state.at);
    stage.dataset.mode = state.mode;
    stage.style.setProperty("--at", `${state.at}%`);
    slider.parentNode.hidden = state.mode !== "swipe";
    for (const [mode, id] of [["error", "error-legend"], ["hallucination", "map-legend"]]) {
      const legend = document.getElementById(id);
      if (legend) legend.hidden = state.mode !== mode;
    }
    for (const side of ["a", "b"]) paint(side, layer(state[side]));
    document.getElementById("window").textContent = `${state.image} (${gallery().name}): ${image().window}`;
  }

  function remember() {
    address.assign(state);
  }

  function change(changes) {
    Object.assign(state, changes);
    draw();
    remember();
  }

  function recall(scroll) {
    if (address.get("look") === null) return false;
    for (const name of Object.keys(state)) {
      const said = address.get(name);
      if (said !== null) state[name] = name === "look" ? Number(said) : said;
    }
    draw();
    if (scroll) document.getElementById("look").scrollIntoView();
    return true;
  }

  form.addEventListener("change", () => change({
    look: Number(field("look").value), image: field("image").value, a: field("a").value, b: field("b").value,
    mode: field("mode").value, zoom: field("zoom").value,
  }));
  form.addEventListener("submit", (event) => event.preventDefault());
  slider.addEventListener("input", () => change({ at: Number(slider.value) }));

  const swipeTo = (event) => {
    const box = stage.getBoundingClientRect();
    change({ at: Math.round((100 * (event.clientX - box.left)) / box.width) });
  };
  panes.a.addEventListener("pointerdown", (event) => {
    if (state.mode === "swipe") { panes.a.setPointerCapture(event.pointerId); swipeTo(event); }
    if (state.mode === "flicker") stage.classList.add("held");
  });
  panes.a.addEventListener("pointermove", (event) => { if (state.mode === "swipe" && event.buttons) swipeTo(event); });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) panes.a.addEventListener(end, () => stage.classList.remove("held"));

  // Both panes look at the same place.
  for (const [from, to] of [["a", "b"], ["b", "a"]]) {
    panes[from].addEventListener("scroll", () => {
      panes[to].scrollLeft = panes[from].scrollLeft;
      panes[to].scrollTop = panes[from].scrollTop;
    }, { passive: true });
  }

  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Pictures A and B");
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ids = gallery().images.map((one) => one.id);
    const step = (by) => change({ image: ids[(ids.indexOf(state.image) + by + ids.length) % ids.length] });
    const actions = {
      n: () => step(1),
      p: () => step(-1),
      x: () => change({ a: state.b, b: state.a }),
      " ": () => stage.classList.add("held"),
    };
    if (state.mode === "swipe") {
      actions.ArrowLeft = () => change({ at: state.at - 2 });
      actions.ArrowRight = () => change({ at: state.at + 2 });
    }
    const action = actions[event.key];
    if (action) { action(); event.preventDefault(); }
  });
  stage.addEventListener("keyup", (event) => { if (event.key === " ") stage.classList.remove("held"); });

  for (const link of document.querySelectorAll("a[data-look]")) link.href = `#${link.dataset.look}`;
  window.addEventListener("hashchange", () => recall(true));

  form.hidden = false;
  document.querySelector(".keys").hidden = false;
  // Begin with what stands there without script.
  Object.assign(state, { image: stage.dataset.image, a: panes.a.dataset.name, b: panes.b.dataset.name });
  if (!recall(true)) draw();
  follow();
  if (filters) filters.addEventListener("change", follow);
})();

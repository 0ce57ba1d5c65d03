// Two pictures against each other: swiped, side by side, in turn, as maps of each, or as what lies between them.
(() => {
  "use strict";

  const { viewer, display, gestures, view, Frame, frames } = window.srbench;
  if (!viewer) return;
  const { state, image, layer, change, isMethod, section } = viewer;
  const comparison = document.getElementById("comparison");
  const stage = comparison.querySelector(".stage");
  const panes = { a: document.getElementById("pane-a"), b: document.getElementById("pane-b") };
  const pictures = { a: new Frame(panes.a), b: new Frame(panes.b) };
  const slider = document.getElementById("swipe-at");
  const HANDLE = 24;
  let size = { width: 1, height: 1 };

  const open = () => state.mode !== "wall";
  const mapped = () => ["error", "hallucination", "difference"].includes(state.mode);

  function why(chosen) {
    if (isMethod(chosen)) return `There is no ${state.mode} map: HR or LR was not at hand.`;
    return `${chosen.name} has no ${state.mode} map: it shows a method against HR.`;
  }

  function paint(side) {
    const chosen = layer(state[side]);
    const maps = { error: chosen.error, hallucination: chosen.map };
    const isMap = state.mode in maps;
    const source = isMap ? maps[state.mode] : chosen.src;
    const tiles = isMap || state.mode === "difference" || display.chosen() ? [] : chosen.tiles || [];
    if (!source) pictures[side].say(why(chosen));
    else {
      const alt = `${image().id}: ${isMap ? `${state.mode} map of ` : ""}${chosen.name}`;
      pictures[side].show(image(), source, alt, tiles, !isMap && chosen.name === "LR");
      if (!isMap && state.mode !== "difference") pictures[side].paint(display.painter(chosen.name));
    }
    const letter = document.createElement("b");
    letter.textContent = side.toUpperCase();
    const words = state.mode === "hallucination" ? chosen.shares : chosen.words;
    document.getElementById(`caption-${side}`).replaceChildren(letter, ` ${chosen.name}${words ? `: ${words}` : ""}`);
  }

  function between() {
    const draw = display.difference(state.a, state.b);
    if (!draw) return pictures.a.say(display.trouble() || "The values are being read.");
    pictures.a.picture.alt = `${image().id}: difference of ${state.a} and ${state.b}`;
    pictures.a.paint(draw);
  }

  function draw() {
    if (!open() && comparison.contains(document.activeElement)) section.querySelector(".wall").focus({ preventScroll: true });
    comparison.hidden = !open();
    if (!open()) return;
    stage.dataset.mode = state.mode;
    stage.style.setProperty("--ratio", String(image().width / image().height));
    panes.b.hidden = state.mode === "difference";
    for (const [mode, id] of [["error", "error-legend"], ["hallucination", "map-legend"]]) {
      const legend = document.getElementById(id);
      if (legend) legend.hidden = !(state.mode === mode || (mode === "error" && state.mode === "difference"));
    }
    const what = document.getElementById("error-words");
    if (what) what.textContent = state.mode === "difference" ? "Absolute difference of A and B, taken as the protocol takes errors:" : "Absolute error of what the protocol scores:";
    slider.parentNode.hidden = state.mode !== "swipe";
    for (const side of ["a", "b"]) paint(side);
    if (state.mode === "difference") between();
    swipe();
    measure();
  }

  function measure() {
    const { clientWidth: width, clientHeight: height } = panes.a;
    if (width && height) size = { width, height };
    place();
  }

  function place() {
    const whole = mapped() || display.chosen() ? { ...image(), tiled: false } : image(); // of these there is the window alone
    const at = frames.placed(size, whole, view());
    for (const side of ["a", "b"]) pictures[side].place(size, at);
    stage.classList.toggle("zoomed", !at.named);
  }

  function swipe() {
    stage.style.setProperty("--at", `${state.at}%`);
    if (slider.value !== String(state.at)) slider.value = String(state.at);
  }

  // ---- the line of the swipe: anywhere at `fit`, and by its handle where the pointer moves the picture
  let box = null;
  const part = (event) => Math.round((100 * (event.clientX - box.left)) / box.width);
  function takes(event) {
    box = stage.getBoundingClientRect();
    if (state.mode === "flicker") stage.classList.add("held");
    const near = Math.abs(event.clientX - box.left - (state.at * box.width) / 100) < HANDLE;
    if (state.mode !== "swipe" || (stage.classList.contains("zoomed") && !near)) return false;
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("swiping");
    change({ at: part(event) });
    return true;
  }
  stage.addEventListener("pointermove", (event) => { if (stage.classList.contains("swiping")) change({ at: part(event) }, true); });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) stage.addEventListener(end, () => stage.classList.remove("held", "swiping"));
  slider.addEventListener("input", () => change({ at: Number(slider.value) }, true));

  const keys = gestures(stage, { frameAt: (node) => node.closest && node.closest(".pane"), sizeOf: () => size, takes });
  stage.tabIndex = 0;
  stage.addEventListener("keydown", (event) => {
    keys(event, { " ": () => stage.classList.add("held") });
  });
  stage.addEventListener("keyup", (event) => { if (event.key === " ") stage.classList.remove("held"); });
  document.getElementById("close").addEventListener("click", () => change({ mode: "wall" }));
  new ResizeObserver(() => open() && measure()).observe(stage);

  viewer.on((changed) => {
    const names = [...changed];
    if (names.every((name) => name === "at")) return swipe();
    if (names.every((name) => ["x", "y", "zoom"].includes(name))) return void (open() && place());
    draw();
  });
  display.on(() => { if (open() && (state.mode === "difference" || display.chosen())) draw(); });
  viewer.begin();
})();

// The wall: LR, HR and every method at one place of one image, moved and zoomed as one.
(() => {
  "use strict";

  const { viewer, display, gestures, view, Frame, frames } = window.srbench;
  if (!viewer) return;
  const { state, image, gallery, layers, isMethod, metric, change, section } = viewer;
  const wall = section.querySelector(".wall");
  const markers = document.getElementById("markers").content;
  const more = document.getElementById("all-tiles");
  const told = document.getElementById("pixel");
  const asked = document.getElementById("asked");
  const FIRST = 12;
  let tiles = [];
  let size = { width: 1, height: 1 };
  let atHand = 0;
  let half = false; // A has been chosen, B not yet
  let pixel = null;
  let waiting = 0;

  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });

  function tile() {
    const figure = make("div", "tile");
    const holder = make("div", "frame");
    const caption = make("p", "tile-words");
    const made = { figure, holder, frame: new Frame(holder), name: make("span", "tile-name"), score: make("span", "score"), value: make("span", "value"), letter: make("b", "letter") };
    caption.append(made.name, made.score, made.value);
    figure.append(holder, made.letter, caption);
    return made;
  }

  // The first by rank, unless all are wanted; what is compared is there in any case.
  function shown() {
    const all = layers();
    const first = all.filter(isMethod).slice(0, FIRST);
    more.parentNode.hidden = all.filter(isMethod).length <= FIRST;
    more.setAttribute("aria-pressed", String(state.all));
    more.textContent = state.all ? `the first ${FIRST} only` : `all ${all.filter(isMethod).length} methods`;
    const compared = state.mode === "wall" ? [] : [state.a, state.b];
    return state.all ? all : all.filter((one) => !isMethod(one) || first.includes(one) || compared.includes(one.name));
  }

  function draw() {
    const wanted = shown();
    while (tiles.length < wanted.length) tiles.push(tile());
    tiles = tiles.slice(0, wanted.length);
    if (wall.childElementCount !== tiles.length || wall.firstChild !== tiles[0].figure) wall.replaceChildren(...tiles.map((one) => one.figure));
    wall.style.setProperty("--tiles", tiles.length);
    wall.style.setProperty("--wide", `${image().width}px`);
    wall.style.setProperty("--ratio", String(Math.min(2, Math.max(0.6, image().width / image().height))));
    wall.dataset.size = state.size;
    wanted.forEach((layer, place) => {
      const one = tiles[place];
      one.layer = layer;
      one.figure.dataset.name = layer.name;
      const slot = isMethod(layer) ? gallery().methods[layer.name].slot : null;
      const marker = slot === null ? null : markers.querySelector(`[data-slot="${slot}"] svg`);
      one.name.replaceChildren(...(marker ? [marker.cloneNode(true), " "] : []), layer.name);
      one.name.title = layer.name;
      one.score.textContent = layer.scores[metric()] || "";
      one.frame.show(image(), layer.src, `${image().id}: ${layer.name}`, layer.tiles || [], layer.name === "LR");
    });
    atHand = Math.min(atHand, tiles.length - 1);
    measure();
    paint();
    letter();
    if (pixel) display.load();
    tell();
  }

  function letter() {
    for (const { figure, letter: mark, layer } of tiles) {
      const open = half || state.mode !== "wall";
      const words = !open ? "" : layer.name === state.a ? "A" : layer.name === state.b && !half ? "B" : "";
      mark.textContent = words;
      figure.classList.toggle("chosen", words !== "");
    }
    asked.textContent = half ? `A is ${state.a}. Choose B.` : "";
  }

  // All frames have one size, which is read where nothing has been written.
  function measure() {
    const { clientWidth: width, clientHeight: height } = tiles[0].holder;
    if (width && height) size = { width, height };
    place();
  }

  function place() {
    const at = frames.placed(size, image(), view());
    for (const one of tiles) {
      one.frame.place(size, at);
      one.frame.point(pixel);
    }
    wall.classList.toggle("zoomed", !at.named);
  }

  function paint() {
    for (const one of tiles) one.frame.paint(display.painter(one.layer.name));
    place();
  }

  // ---- the pixel under the pointer, in all of them
  function tell() {
    waiting = 0;
    const { left, top, width, height, whole } = image();
    if (pixel && (pixel.x < 0 || pixel.y < 0 || pixel.x >= whole[0] || pixel.y >= whole[1])) pixel = null;
    const inside = pixel && pixel.x >= left && pixel.y >= top && pixel.x < left + width && pixel.y < top + height;
    for (const one of tiles) {
      one.value.textContent = pixel ? display.at(one.layer.name, pixel) : "";
      one.frame.point(pixel);
    }
    const known = display.layers();
    const unit = known && Object.values(known)[0].unit;
    const why = inside ? display.trouble() : "outside of the window: no values are kept here";
    told.textContent = pixel ? `· pixel (${pixel.x}, ${pixel.y})${unit ? ` · ${unit}` : ""}${why ? ` · ${why}` : ""}` : "";
  }

  function hover(frame, over) {
    pixel = over;
    if (over) {
      display.load();
      hold(tiles.findIndex((one) => one.holder === frame));
    }
    waiting ||= requestAnimationFrame(tell);
  }

  // ---- A, then B
  function choose(name) {
    if (half && name !== state.a) {
      half = false;
      change({ b: name, mode: state.mode === "wall" ? "swipe" : state.mode });
      document.getElementById("comparison").scrollIntoView({ block: "nearest" });
    } else {
      half = !half;
      if (name === state.b) change({ a: name, b: state.a });
      else change({ a: name });
    }
    letter();
  }

  function hold(place) {
    if (place < 0) return;
    atHand = place;
    tiles.forEach(({ figure }, other) => figure.classList.toggle("at-hand", other === place));
  }

  const keys = gestures(wall, {
    frameAt: (node) => node.closest && node.closest(".frame"),
    sizeOf: () => size,
    click: (frame) => choose(tiles.find((one) => one.holder === frame).layer.name),
    hover,
  });
  wall.tabIndex = 0;
  wall.addEventListener("focus", () => hold(atHand));
  wall.addEventListener("keydown", (event) => {
    const next = (by) => hold((atHand + by + tiles.length) % tiles.length);
    const name = tiles[atHand].layer.name;
    const open = () => (state.mode === "wall" ? { mode: "swipe" } : {});
    keys(event, {
      "[": () => next(-1), "]": () => next(1), Enter: () => choose(name),
      a: () => change(name === state.b ? { a: name, b: state.a } : { a: name }),
      b: () => change(name === state.a ? { a: state.b, b: name, ...open() } : { b: name, ...open() }),
      Escape: () => { half = false; change({ mode: "wall" }); letter(); },
    });
  });
  more.addEventListener("click", () => change({ all: !state.all }));
  new ResizeObserver(() => tiles.length && measure()).observe(wall);

  viewer.on((changed) => {
    if (changed.has("mode")) half = false;
    const passing = [...changed].every((name) => ["at", "x", "y", "zoom"].includes(name));
    const anew = ["look", "image", "all", "metric"].some((name) => changed.has(name));
    if (anew || (!passing && shown().map((one) => one.name).join("\0") !== tiles.map((one) => one.layer.name).join("\0"))) return draw();
    if (passing) return void (changed.size > 1 || !changed.has("at") ? place() : 0);
    if (changed.has("size")) { wall.dataset.size = state.size; measure(); }
    if (["level", "breadth", "curve"].some((name) => changed.has(name))) paint();
    if (["zoom", "x", "y"].some((name) => changed.has(name))) place();
    letter();
  });
  display.on(() => { paint(); tell(); });
  wall.classList.add("live");
})();

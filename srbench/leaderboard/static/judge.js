// Shows trials in an order that a seed decides, keeps the answers, and saves them as a file.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const pairs = data.kind === "pairs";
  const at = (id) => document.getElementById(id);
  const QUIET = 250; // milliseconds after pictures appear in which a second press of a key answers nothing
  const LARGEST = 3; // a pixel of a picture is no larger than so many CSS pixels, unless somebody asks for that
  const MARKS = ["bad", "poor", "fair", "good", "excellent"];

  // ---- trials, from the seed alone
  function generator(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  function trialsOf(seed) {
    const random = generator(seed);
    const below = (count) => Math.floor(random() * count);
    const shuffled = (list) => {
      const mixed = [...list];
      for (let place = mixed.length - 1; place > 0; place--) {
        const other = below(place + 1);
        [mixed[place], mixed[other]] = [mixed[other], mixed[place]];
      }
      return mixed;
    };
    // Every method, or pair of methods, comes once a round, each time in another scene.
    const count = data.scenes[0].methods.length;
    const kinds = [];
    for (let a = 0; a < count; a++) {
      if (!pairs) kinds.push([a]);
      else for (let b = a + 1; b < count; b++) kinds.push([a, b]);
    }
    const queues = kinds.map((kind) =>
      shuffled(data.scenes.map((_, scene) => scene).filter((scene) => kind.every((one) => data.scenes[scene].methods[one] !== null))),
    );
    const votes = [];
    while (votes.length < data.trials && queues.some((queue) => queue.length)) {
      for (const kind of shuffled(kinds.map((_, place) => place))) {
        if (votes.length === data.trials || !queues[kind].length) continue;
        const scene = queues[kind].pop();
        votes.push({ purpose: "vote", scene, pictures: shuffled(kinds[kind].map((one) => data.scenes[scene].methods[one])) });
      }
    }
    const line = shuffled(votes);
    // Repeats stand as far behind what they repeat as the line is long.
    for (const vote of shuffled(line.slice(0, Math.ceil(line.length * 0.6))).slice(0, data.checks)) {
      const first = line.indexOf(vote) + 1;
      const away = Math.min(6, line.length - first);
      const repeat = { purpose: "repeat", scene: vote.scene, pictures: [...vote.pictures].reverse() };
      line.splice(first + away + below(line.length - first - away + 1), 0, repeat);
    }
    const known = data.scenes.map((_, scene) => scene).filter((scene) => data.scenes[scene].hr !== null && data.scenes[scene].nearest !== null);
    const caught = [];
    while (known.length && caught.length < data.checks) caught.push(...shuffled(known));
    for (const scene of caught.slice(0, data.checks)) {
      const ends = shuffled([data.scenes[scene].hr, data.scenes[scene].nearest]);
      for (const pictures of pairs ? [ends] : ends.map((one) => [one])) {
        line.splice(below(line.length + 1), 0, { purpose: "catch", scene, pictures });
      }
    }
    return line;
  }

  // ---- what was said so far, kept by the browser where it may
  const place = `srbench-judging-${data.study}-${data.kind}`;
  let session = null;
  let trials = [];
  let unsaved = false;

  function begun() {
    const numbers = crypto.getRandomValues(new Uint32Array(5));
    const name = [...numbers.slice(0, 4)].map((number) => number.toString(16).padStart(8, "0")).join("");
    return { session: name, seed: numbers[4], rater: at("rater").value.trim(), answers: [] };
  }

  function remembered() {
    try {
      return accepted(JSON.parse(localStorage.getItem(place)));
    } catch {
      return null;
    }
  }

  function remember() {
    try {
      localStorage.setItem(place, JSON.stringify(saved()));
    } catch {
      // Some browsers keep nothing for files.
    }
  }

  function saved() {
    const used = new Map();
    const number = (picture) => {
      if (!used.has(picture)) used.set(picture, used.size);
      return used.get(picture);
    };
    const answers = session.answers.map((answer, index) => {
      const { purpose, pictures } = trials[index];
      return { purpose, pictures: pictures.map(number), said: answer.said, seconds: answer.seconds };
    });
    return {
      format: "srbench judging 1",
      study: data.study,
      kind: data.kind,
      reference: data.reference,
      session: session.session,
      seed: session.seed,
      rater: session.rater,
      complete: session.answers.length === trials.length,
      pictures: [...used.keys()].map((picture) => data.ids[picture]),
      answers,
    };
  }

  // What was saved, if it is of this page and about its trials; otherwise null.
  function accepted(found) {
    if (!found || found.study !== data.study || found.kind !== data.kind || !Array.isArray(found.answers)) return null;
    const line = trialsOf(found.seed);
    const fits = found.answers.every(
      (answer, index) =>
        line[index] &&
        answer.purpose === line[index].purpose &&
        answer.pictures.every((picture, side) => found.pictures[picture] === data.ids[line[index].pictures[side]]),
    );
    const answers = found.answers.map(({ said, seconds }) => ({ said, seconds }));
    return fits ? { session: String(found.session), seed: found.seed, rater: String(found.rater || ""), answers } : null;
  }

  // ---- one trial after the other
  const source = (picture) => `data:image/png;base64,${data.files[picture]}`;
  let zoom = null; // null: as large as fits
  let since = null; // when the pictures of this trial were there

  function view(name) {
    for (const part of ["begin", "judge", "end"]) at(part).hidden = part !== name;
  }

  function go(found) {
    session = found;
    trials = trialsOf(session.seed);
    next();
  }

  function next() {
    if (session.answers.length >= trials.length) return finish();
    view("judge");
    const index = session.answers.length;
    const { scene, pictures } = trials[index];
    at("count").textContent = `${index + 1} of ${trials.length}`;
    at("bar").value = index / trials.length;
    at("undo").disabled = index === 0;
    at("question").textContent = `${pairs ? "Which one looks better?" : "How good does it look?"} ${index + 1} of ${trials.length}`;
    const stage = at("stage");
    since = null;
    delete stage.dataset.ready;
    const hr = data.reference ? data.scenes[scene].hr : null;
    const shown = pairs ? [["A", pictures[0]], ["B", pictures[1]]] : [[hr === null ? "" : "To judge", pictures[0]]];
    if (hr !== null) shown.splice(1, 0, ["Original", hr]);
    const images = shown.map(([name, picture]) => figure(stage, name, picture));
    stage.replaceChildren(...images.map((image) => image.parentNode));
    fit();
    const current = () => images[0].isConnected;
    Promise.all(images.map((image) => image.decode())).then(() => {
      if (!current()) return;
      requestAnimationFrame(() => {
        stage.dataset.ready = "";
        since = performance.now();
      });
    });
    for (const picture of index + 1 < trials.length ? trials[index + 1].pictures : []) new Image().src = source(picture);
  }

  function figure(stage, name, picture) {
    const box = document.createElement("figure");
    const image = document.createElement("img");
    image.src = source(picture);
    image.alt = name ? `Picture ${name}` : "The picture";
    box.append(image);
    if (name) {
      const caption = document.createElement("figcaption");
      caption.textContent = name;
      box.append(caption);
    }
    return image;
  }

  // A pixel of a picture is a whole number of pixels of the screen, so that it stays sharp.
  function fit() {
    const stage = at("stage");
    const images = [...stage.querySelectorAll("img")];
    if (!images.length) return;
    const { width, height } = data.scenes[trials[session.answers.length].scene];
    const dots = window.devicePixelRatio || 1;
    const count = images.length;
    const room = [stage.clientWidth - 28, stage.clientHeight - 8];
    const across = Math.min((((room[0] - 13 * (count - 1)) / count) * dots) / width, ((room[1] - 22) * dots) / height);
    const down = Math.min(((room[0] - 28) * dots) / width, (((room[1] - 8 * (count - 1)) / count) * dots) / height);
    const column = count > 1 && Math.max(1, Math.floor(down)) > Math.max(across < 1 ? 0 : 1, Math.floor(across));
    stage.classList.toggle("column", column);
    const best = Math.max(1, Math.min(Math.floor(column ? down : across), Math.floor(LARGEST * dots)));
    const chosen = zoom === null ? best : zoom;
    for (const image of images) {
      image.style.width = `${(width * chosen) / dots}px`;
      image.style.height = `${(height * chosen) / dots}px`;
    }
    at("zoom").textContent = `${chosen}×`;
    at("smaller").disabled = chosen <= 1;
    at("larger").disabled = chosen >= 16;
  }

  function magnify(by) {
    const now = parseInt(at("zoom").textContent, 10);
    zoom = Math.min(16, Math.max(1, now + by));
    fit();
  }

  function answer(said) {
    if (at("judge").hidden || since === null || performance.now() - since < QUIET) return;
    session.answers.push({ said, seconds: Math.round(performance.now() - since) / 1000 });
    unsaved = true;
    remember();
    next();
  }

  function undo() {
    if (!session.answers.length) return;
    session.answers.pop();
    remember();
    next();
  }

  // ---- the end, or a stop
  function finish() {
    view("end");
    const done = session.answers.length === trials.length;
    at("thanks").textContent = done ? "Thank you. That was all." : "Stopped";
    at("told").textContent = done
      ? `${trials.length} answers.`
      : `${session.answers.length} of ${trials.length} answered. Save them: with the file you can go on later.`;
    at("back").textContent = done ? "Take back the last answer" : "Go on";
    const text = JSON.stringify(saved());
    at("text").value = text;
    const link = at("save");
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `judged-${data.study.slice(0, 8)}-${session.session.slice(0, 8)}.json`;
    at("thanks").focus();
  }

  function button(said, mark, word, key) {
    const one = document.createElement("button");
    one.type = "button";
    one.dataset.said = said;
    const parts = [["mark", mark], ["word", word]].filter(([, text]) => text);
    for (const [name, text] of parts) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      one.append(part);
    }
    if (key) {
      const hint = document.createElement("kbd");
      hint.textContent = key;
      one.append(hint);
    }
    one.addEventListener("click", () => answer(said));
    return one;
  }

  const choices = pairs
    ? [button("left", "A is better", "", "←"), button("neither", "cannot tell", "", "space"), button("right", "B is better", "", "→")]
    : MARKS.map((word, index) => button(index + 1, String(index + 1), word, ""));
  at("answers").append(...choices);

  const KEYS = pairs
    ? { ArrowLeft: "left", ArrowUp: "left", ArrowRight: "right", ArrowDown: "right", " ": "neither" }
    : { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 };
  document.addEventListener("keydown", (event) => {
    if (at("judge").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target instanceof HTMLButtonElement && !choices.includes(event.target);
    if (event.key === " " && onButton) return;
    const act = event.key in KEYS ? () => answer(KEYS[event.key])
      : event.key === "Backspace" || event.key === "u" ? undo
      : event.key === "+" ? () => magnify(1)
      : event.key === "-" ? () => magnify(-1)
      : null;
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) act();
  });

  at("undo").addEventListener("click", undo);
  at("pause").addEventListener("click", finish);
  at("back").addEventListener("click", () => (session.answers.length === trials.length ? undo() : next()));
  at("smaller").addEventListener("click", () => magnify(-1));
  at("larger").addEventListener("click", () => magnify(1));
  at("save").addEventListener("click", () => { unsaved = false; });
  window.addEventListener("resize", () => { if (!at("judge").hidden) fit(); });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // ---- the beginning
  for (const part of document.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== data.kind;
  for (const part of document.querySelectorAll("[data-reference]")) part.hidden = !data.reference;
  const amount = trialsOf(0).length;
  at("amount").textContent = `${amount} ${pairs ? "pairs" : "pictures"}`;
  if (!pairs) {
    const whole = data.scenes.filter((scene) => scene.hr !== null && scene.nearest !== null).slice(0, data.examples);
    const dots = window.devicePixelRatio || 1;
    const room = (Math.min(window.innerWidth, 640) / Math.max(1, whole.length) - 28) * dots;
    for (const [name, words] of [["nearest", "This is a 1."], ["hr", "This is a 5."]]) {
      for (const scene of whole) {
        const box = document.createElement("figure");
        const image = document.createElement("img");
        [image.src, image.alt] = [source(scene[name]), words];
        image.style.width = `${scene.width * Math.max(1, Math.floor(room / scene.width)) / dots}px`;
        const caption = document.createElement("figcaption");
        caption.textContent = words;
        box.append(image, caption);
        at("examples").append(box);
      }
    }
    at("examples").style.gridTemplateColumns = `repeat(${Math.max(1, whole.length)}, minmax(0, 1fr))`;
    at("examples").hidden = at("ends").hidden = !whole.length;
  }
  const before = remembered();
  if (before && before.answers.length) {
    at("resume").hidden = false;
    at("resume").textContent = `Go on where you stopped (${before.answers.length} of ${amount})`;
    at("resume").addEventListener("click", () => go(before));
  }
  at("who").addEventListener("submit", (event) => {
    event.preventDefault();
    go(begun());
  });
  at("file").addEventListener("change", async () => {
    let found = null;
    try {
      found = accepted(JSON.parse(await at("file").files[0].text()));
    } catch {
      // It is no file of answers, which is told below.
    }
    if (found) go(found);
    else at("trouble").textContent = "This file holds no answers to this page.";
  });
  view("begin");
})();

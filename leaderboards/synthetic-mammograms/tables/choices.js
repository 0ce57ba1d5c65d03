// What the reader chooses: dataset, protocol, the metric that ranks, columns, methods. The address keeps it.
(() => {
  "use strict";

  const { address, rowsOf } = window.srbench;
  const form = document.querySelector(".filters");
  const NAMES = ["dataset", "scope", "by", "find", "compact", "digits", "hide"];
  const state = Object.fromEntries(NAMES.map((name) => [name, ""]));
  const fields = form ? form.elements : {};
  const boxes = form ? [...form.querySelectorAll("[name=column]")] : [];
  const chosenProtocol = () => (state.scope ? fields.scope.selectedOptions[0].dataset.protocol : "");
  const hidden = () => new Set(state.hide.split(",").filter(Boolean).map(decodeURIComponent));

  // data-dataset, data-scope, data-protocol: hidden when another one is chosen.
  // data-metric: hidden with the column of that metric.
  // data-by: of the metric that ranks; hidden when another is chosen and, unless data-first, when none is.
  // data-alone: hidden until its dataset is chosen.
  function isHidden(of) {
    const choice = { dataset: state.dataset, scope: state.scope, protocol: chosenProtocol() };
    const another = Object.entries(choice).some(([name, value]) => value !== "" && of[name] !== undefined && of[name] !== value);
    const ranksOtherwise = of.by !== undefined && (state.by === "" ? of.first === undefined : of.by !== state.by);
    const without = of.metric !== undefined && hidden().has(of.metric);
    return another || ranksOtherwise || without || (of.alone !== undefined && state.dataset === "");
  }

  function rank(table) {
    const metric = state.by || table.dataset.primary;
    const places = new Map(rowsOf(table).rows.map((row) => [row, JSON.parse(row.dataset.places)[metric]]));
    for (const [row, place] of places) {
      row.cells[0].dataset.sort = place === undefined ? "" : place;
      const unplaced = row.querySelector(".unplaced");
      if (unplaced) unplaced.hidden = place !== undefined;
    }
    rowsOf(table).order((row) => places.get(row));
    for (const head of rowsOf(table).heads) head.classList.toggle("ranks", head.dataset.column === metric);
  }

  function showParts() {
    const marks = ["dataset", "metric", "scope", "protocol", "by"].map((name) => `[data-${name}]`);
    for (const part of document.querySelectorAll(`main :is(${marks}):not(option)`)) part.hidden = isHidden(part.dataset);
  }

  function showColumns() {
    const without = hidden();
    for (const table of document.querySelectorAll("table.ranked")) {
      // Differences to the yardstick are in the metric that ranks before any choice.
      const otherwise = state.by !== "" && state.by !== table.dataset.primary;
      window.srbench.choose(table, ({ dataset: { column } }) => !(without.has(column) || (otherwise && column === "~gap")));
    }
  }

  function findMethods() {
    for (const table of document.querySelectorAll("table:is(.ranked, .of-methods)")) rowsOf(table).find(state.find);
    const words = state.find.trim().toLowerCase();
    for (const table of document.querySelectorAll("table.by-subgroup")) {
      window.srbench.choose(table, ({ dataset: { entrant } }) => entrant === undefined || entrant.toLowerCase().includes(words));
    }
  }

  // Each choice touches only what depends on it.
  function show(changed) {
    const any = (...names) => names.some((name) => changed.includes(name));
    if (any("dataset", "scope", "by", "hide")) showParts();
    if (any("by")) for (const table of document.querySelectorAll("table.ranked")) rank(table);
    if (any("by", "hide")) showColumns();
    if (any("find")) findMethods();
    if (any("compact")) document.body.classList.toggle("compact", state.compact !== "");
    if (any("digits")) window.srbench.allDigits(state.digits !== "");
    showReset();
  }

  function showReset() {
    if (form) form.querySelector("[type=reset]").hidden = Object.values(state).every((value) => value === "") && !address.get("sort");
  }

  // ---- between the form, the state and the address
  function read() {
    const said = Object.fromEntries(NAMES.map((name) => [name, ""]));
    for (const name of ["dataset", "scope", "by", "find"]) if (fields[name]) said[name] = fields[name].value;
    if (fields.compact.checked) said.compact = "1";
    if (fields.digits.checked) said.digits = "all";
    said.hide = boxes.filter((box) => !box.checked).map((box) => encodeURIComponent(box.value)).join(",");
    return said;
  }

  function fill() {
    for (const name of ["dataset", "scope", "by"]) {
      if (!fields[name]) { state[name] = ""; continue; }
      fields[name].value = state[name];
      if (fields[name].selectedIndex < 0) fields[name].value = state[name] = ""; // whatever the address says
    }
    fields.find.value = state.find;
    fields.compact.checked = state.compact !== "";
    fields.digits.checked = state.digits !== "";
    let without = new Set();
    try { without = hidden(); } catch { state.hide = ""; }
    for (const box of boxes) box.checked = !without.has(box.value);
    state.hide = read().hide;
  }

  function change(said) {
    const changed = NAMES.filter((name) => said[name] !== state[name]);
    if (!changed.length) return;
    Object.assign(state, said);
    address.assign({ ...state, ...(changed.includes("by") ? { sort: null } : {}) });
    show(changed);
  }

  function recall() {
    if (![...NAMES, "sort"].some((name) => address.get(name) !== null)) {
      if (Object.values(state).some((value) => value !== "")) address.assign(state); // a link within the page
      return;
    }
    for (const name of NAMES) state[name] = address.get(name) || "";
    fill();
    show(NAMES);
    window.srbench.recallSorting();
  }

  Object.assign(window.srbench, { isHidden });
  if (!form) { show(NAMES); return; }
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => change(read()));
  fields.find.addEventListener("input", () => change(read()));
  document.addEventListener("click", (event) => { if (event.target.closest("th button")) setTimeout(showReset); });
  form.addEventListener("reset", () => setTimeout(() => {
    change(read());
    address.assign({ sort: null });
    show(["by"]);
    form.dispatchEvent(new Event("change", { bubbles: true })); // for the viewer, which follows the form
  }));
  fill();
  show(NAMES);
  recall();
  window.addEventListener("hashchange", recall);
})();

// Sorting and filtering tables, and texts to copy. The page is complete without this file.
(() => {
  "use strict";

  // ---- tables: a button in each head that has an order
  const text = (cell) => (cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim());

  function compare(a, b) {
    const [x, y] = [Number(a), Number(b)];
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x === y ? 0 : x < y ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  }

  function sortBy(table, head) {
    const place = [...head.parentNode.children].indexOf(head);
    const opposite = { ascending: "descending", descending: "ascending" };
    const order = opposite[head.getAttribute("aria-sort")] || head.dataset.order;
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row, index) => {
      const whole = ![...row.cells].some((cell) => cell.colSpan > 1) || place < 2;
      return { row, index, value: whole && row.cells[place] ? text(row.cells[place]) : "" };
    });
    // What is missing stays last, whichever the order.
    rows.sort((a, b) => {
      if ((a.value === "") !== (b.value === "")) return a.value === "" ? 1 : -1;
      return sign * compare(a.value, b.value) || a.index - b.index;
    });
    for (const { row } of rows) body.append(row);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.dataset.order) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      (button.querySelector(".label") || button).classList.add("sorts");
      head.append(button);
      button.addEventListener("click", () => sortBy(table, head));
    }
  }

  // ---- filters: what is shown belongs to the choice, or is hidden
  const filters = document.querySelector(".filters");
  const chosen = (name) => (filters && filters.elements[name] ? filters.elements[name].value : "");
  const chosenProtocol = () => (chosen("scope") ? filters.elements.scope.selectedOptions[0].dataset.protocol : "");

  // data-dataset, data-metric, data-scope, data-protocol: hidden when another one is chosen.
  // data-by: of the metric that ranks; hidden when another is chosen and, unless data-first, when none is.
  // data-alone: hidden until its dataset is chosen.
  function isHidden(of) {
    const choice = { dataset: chosen("dataset"), metric: chosen("metric"), scope: chosen("scope"), protocol: chosenProtocol() };
    const another = Object.entries(choice).some(([name, value]) => value !== "" && of[name] !== undefined && of[name] !== value);
    const ranksOtherwise = of.by !== undefined && (choice.metric === "" ? of.first === undefined : of.by !== choice.metric);
    return another || ranksOtherwise || (of.alone !== undefined && choice.dataset === "");
  }

  function rankBy(table, metric) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row, index) => ({ row, index, place: JSON.parse(row.dataset.places)[metric] }));
    for (const { row, place } of rows) {
      row.cells[0].dataset.sort = place === undefined ? "" : place;
      const unplaced = row.querySelector(".unplaced");
      if (unplaced) unplaced.hidden = place !== undefined;
    }
    if (rows.every(({ place }) => place === undefined)) return;
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    rows.sort((a, b) => (a.place ?? rows.length) - (b.place ?? rows.length) || a.index - b.index);
    for (const { row } of rows) body.append(row);
  }

  function show() {
    const marks = ["dataset", "metric", "scope", "protocol", "by"].map((name) => `[data-${name}]`);
    for (const part of document.querySelectorAll(`main :is(${marks}):not(option)`)) part.hidden = isHidden(part.dataset);
    for (const table of document.querySelectorAll("table.ranked")) rankBy(table, chosen("metric") || table.dataset.primary);
  }

  if (filters && filters.elements.length) {
    filters.hidden = false;
    filters.addEventListener("submit", (event) => event.preventDefault());
  }
  show();
  if (filters) filters.addEventListener("change", show);

  // ---- texts to copy
  for (const button of document.querySelectorAll("button.copy")) {
    const words = button.textContent;
    const text = button.parentNode.querySelector("pre");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Selected: copy it with Ctrl+C";
      }
      setTimeout(() => { button.textContent = words; }, 3000);
    });
  }

  window.srbench = Object.assign(window.srbench || {}, { isHidden });
})();

// Rows of tables: put in order by a button in each head, found by words, and of long tables loaded when they are wanted.
(() => {
  "use strict";

  const STEP = 500;
  const collator = new Intl.Collator("en", { numeric: true });
  const opposite = { ascending: "descending", descending: "ascending" };
  const arriving = new Map(); // by the id of a table, who waits for its rows

  function compare(a, b) {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y || (x < y ? -1 : x > y ? 1 : 0);
  }

  // A row is in the page, or a list of cells: a text each or a list: text, what to sort by, address, aside.
  function valueIn(entry, place) {
    if (entry.cells) {
      const cell = entry.cells[place];
      return Array.isArray(cell) ? (cell[1] ?? cell[0]) : cell;
    }
    const cells = [...entry.row.cells];
    const cell = place < 2 || cells.every((one) => one.colSpan === 1) ? cells[place] : undefined;
    return cell === undefined ? "" : (cell.dataset.sort ?? cell.textContent.trim());
  }

  // Parts of messages between backticks are code.
  function worded(text) {
    return text.split("`").map((part, place, parts) => {
      if (place % 2 === 0 || place === parts.length - 1) return place % 2 ? `\`${part}` : part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    });
  }

  class Rows {
    constructor(table) {
      this.table = table;
      this.body = table.tBodies[0];
      this.heads = [...table.tHead.rows].at(-1).cells;
      this.entries = [...this.body.rows].map((row) => ({ row }));
      this.long = "late" in table.dataset;
      this.limit = this.long ? STEP : Infinity;
      this.words = "";
      this.sorting = null;
      this.message = document.getElementById(`${table.id}-more`);
      for (const head of this.heads) if (head.dataset.order) this.addButton(head);
      if (this.long) this.offer();
    }

    addButton(head) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      (button.querySelector(".label") || button).classList.add("sorts");
      head.append(button);
      button.addEventListener("click", () => {
        const order = opposite[head.getAttribute("aria-sort")] || head.dataset.order;
        this.sort(head, order);
        window.srbench.address.assign({ sort: `${this.table.id}/${this.nameOf(head)}/${order}` });
      });
    }

    nameOf(head) {
      return head.dataset.column ?? String([...this.heads].indexOf(head));
    }

    // The rows in the page: those of long tables may be more later.
    get rows() {
      return this.entries.filter((entry) => entry.row).map((entry) => entry.row);
    }

    async sort(head, order) {
      this.unsorted();
      this.sorting = { place: [...this.heads].indexOf(head), sign: order === "ascending" ? 1 : -1 };
      head.setAttribute("aria-sort", order);
      await this.load();
      this.arrange();
    }

    unsorted() {
      this.sorting = null;
      for (const other of this.heads) other.removeAttribute("aria-sort");
    }

    // The order of the metric that ranks. places: of each row, undefined for one that has none.
    order(placeOf) {
      const placed = this.entries.map((entry, index) => ({ entry, index, place: placeOf(entry.row) }));
      if (placed.every(({ place }) => place === undefined)) return;
      this.unsorted();
      placed.sort((a, b) => (a.place ?? placed.length) - (b.place ?? placed.length) || a.index - b.index);
      this.entries = placed.map(({ entry }) => entry);
      this.arrange();
    }

    async find(words) {
      this.words = words.trim().toLowerCase();
      await this.load();
      this.limit = this.long ? STEP : Infinity;
      this.arrange();
    }

    isFound(entry) {
      entry.text ??= (entry.cells
        ? entry.cells.map((cell) => (Array.isArray(cell) ? cell[0] : cell)).join(" ")
        : (this.long ? entry.row : entry.row.querySelector("th")).textContent
      ).toLowerCase();
      return entry.text.includes(this.words);
    }

    arrange() {
      let ordered = this.entries;
      if (this.sorting) {
        const { place, sign } = this.sorting;
        const keyed = ordered.map((entry, index) => ({ entry, index, value: valueIn(entry, place) }));
        // What is missing stays last, whichever the order.
        keyed.sort((a, b) => {
          if ((a.value === "") !== (b.value === "")) return a.value === "" ? 1 : -1;
          return sign * compare(a.value, b.value) || a.index - b.index;
        });
        ordered = keyed.map(({ entry }) => entry);
      }
      const found = this.words ? ordered.filter((entry) => this.isFound(entry)) : ordered;
      const shown = new Set(found.slice(0, this.limit));
      const rows = [];
      for (const entry of ordered) {
        if (shown.has(entry)) entry.row ??= this.build(entry.cells);
        if (!entry.row) continue;
        entry.row.hidden = !shown.has(entry);
        rows.push(entry.row);
      }
      this.body.append(...rows);
      if (this.message) this.tell(shown.size, found.length);
    }

    build(cells) {
      const row = document.createElement("tr");
      for (const [place, cell] of cells.entries()) {
        const [text, sort, href, aside] = Array.isArray(cell) ? cell : [cell];
        const made = document.createElement(place ? "td" : "th");
        if (place === 0) made.scope = "row";
        made.className = this.heads[place].className;
        if (sort !== undefined && sort !== null) made.dataset.sort = sort;
        const holder = href ? document.createElement("a") : made;
        holder.append(...worded(text));
        if (href) {
          holder.href = href;
          made.append(holder);
        }
        if (aside) {
          const below = document.createElement("span");
          below.className = "seen aside";
          below.textContent = aside;
          made.append(" ", below);
        }
        row.append(made);
      }
      return row;
    }

    // ---- the rows that are not in the page: a script of theirs, which a page may load from a disk, too
    load() {
      if (!this.long) return undefined;
      this.loading ??= new Promise((resolve) => {
        const script = document.createElement("script");
        arriving.set(this.table.id, (rows) => {
          this.entries.push(...rows.map((cells) => ({ cells })));
        });
        script.addEventListener("load", resolve);
        script.addEventListener("error", () => {
          this.message.querySelector("span").textContent = "The other rows could not be loaded.";
          resolve();
        });
        script.src = this.table.dataset.late;
        document.head.append(script);
      });
      return this.loading;
    }

    offer() {
      const details = this.table.closest("details");
      const open = async () => { await this.load(); this.arrange(); };
      if (details) details.addEventListener("toggle", open, { once: true });
      const more = document.createElement("button");
      more.type = "button";
      more.className = "copy more";
      more.textContent = `${STEP} more`;
      more.addEventListener("click", async () => {
        await this.load();
        this.limit += STEP;
        this.arrange();
      });
      this.message.setAttribute("role", "status");
      this.message.append(" ", more);
      const input = document.getElementById(`${this.table.id}-find`);
      input.closest("label").hidden = false;
      input.addEventListener("input", () => this.find(input.value));
    }

    tell(shown, found) {
      const whole = this.entries.length;
      const of = this.words ? `${found} of ${whole} rows found` : `${whole} rows`;
      this.message.querySelector("span").textContent = shown < found ? `${of}, the first ${shown} shown.` : `${of}.`;
      this.message.querySelector("button").hidden = shown >= found;
    }
  }

  const tables = new Map();
  const rowsOf = (table) => tables.get(table);

  // The order that the address names: table, column, direction.
  function recall() {
    const [id, name, order] = (window.srbench.address.get("sort") || "").split("/");
    const table = document.getElementById(id || "");
    const rows = table && tables.get(table);
    const head = rows && [...rows.heads].find((one) => one.dataset.order && rows.nameOf(one) === name);
    if (head && opposite[order]) rows.sort(head, order);
  }

  for (const [place, table] of document.querySelectorAll("table.sortable").entries()) {
    if (!table.id) table.id = `table-${place}`;
    tables.set(table, new Rows(table));
  }
  window.srbench = Object.assign(window.srbench || {}, {
    rowsOf,
    recallSorting: recall,
    arrive: (id, rows) => arriving.get(id)(rows),
  });
  if (!document.querySelector(".filters")) recall();
})();

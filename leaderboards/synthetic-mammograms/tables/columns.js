// Which columns ranked tables show, how closely they stand, and to how many digits.
(() => {
  "use strict";

  // A cell over several columns shrinks with them. shown: whether, of every column of the heads.
  function showColumns(row, shown) {
    let at = 0;
    for (const cell of row.cells) {
      const whole = Number(cell.dataset.span ?? cell.colSpan);
      if (whole > 1) cell.dataset.span = whole;
      const left = shown.slice(at, at + whole).filter(Boolean).length;
      cell.hidden = left === 0;
      if (left) cell.colSpan = left;
      at += whole;
    }
  }

  // isShown: whether, of the name of a column and the head that has it.
  function choose(table, isShown) {
    const heads = [...table.tHead.rows].at(-1).cells;
    const shown = [...heads].map((head) => isShown(head));
    for (const part of [table.tHead, ...table.tBodies, table.tFoot]) {
      for (const row of part ? part.rows : []) showColumns(row, shown);
    }
  }

  // Every digit of what was computed, in place of those that its interval warrants.
  function exact(sort) {
    return sort.replace("Infinity", "∞").replace("-", "−");
  }

  function allDigits(whether) {
    for (const node of document.querySelectorAll("tr:not(.published) td[data-sort] :is(.measure > a, .number)")) {
      const holder = node.querySelector("b") || node;
      const sort = node.closest("td").dataset.sort;
      if (sort === "") continue;
      node.dataset.rounded ??= holder.textContent;
      holder.textContent = whether ? exact(sort) : node.dataset.rounded;
    }
    document.body.classList.toggle("all-digits", whether);
  }

  Object.assign(window.srbench, { choose, allDigits });
})();

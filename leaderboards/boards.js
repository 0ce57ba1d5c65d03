// The script of srbench's index: narrows the list of boards. The page is complete without this file.
(() => {
  "use strict";
  const form = document.querySelector(".filters");
  if (!form) return;
  const boards = [...document.querySelectorAll(".boards > li")].map((item) => ({
    item,
    facts: JSON.parse(item.dataset.facts),
    text: item.textContent.toLowerCase(),
  }));
  const names = ["field", "scale", "dataset"].filter((name) => form.elements[name]);
  const output = form.querySelector("output");

  function show() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { item, facts, text } of boards) {
      const fits = names.every((name) => !form.elements[name].value || facts[name].includes(form.elements[name].value));
      item.hidden = !fits || !words.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
    }
    output.textContent = shown === boards.length ? "" : `${shown} of ${boards.length} boards`;
    const kept = new URLSearchParams();
    for (const name of ["words", ...names]) if (form.elements[name].value) kept.set(name, form.elements[name].value);
    history.replaceState(null, "", `${location.pathname}${location.search}${kept.size ? `#${kept}` : ""}`);
  }

  const asked = new URLSearchParams(location.hash.slice(1));
  for (const name of ["words", ...names]) if (asked.has(name)) form.elements[name].value = asked.get(name);
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const change of ["input", "change"]) form.addEventListener(change, show);
  show();
})();

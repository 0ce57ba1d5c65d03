// Buttons that copy a text or, where that is refused, select it.
(() => {
  "use strict";

  for (const button of document.querySelectorAll(".copied > button.copy")) {
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
})();

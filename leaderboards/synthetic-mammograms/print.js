// What a printed page has besides: its address, and what is folded away. The page prints without this file, too.
(() => {
  "use strict";

  const address = document.createElement("p");
  address.className = "address";
  document.querySelector("header.site").append(address);
  const opened = [];

  addEventListener("beforeprint", () => {
    address.textContent = location.href;
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      opened.push(part);
    }
  });
  addEventListener("afterprint", () => {
    for (const part of opened.splice(0)) part.open = false;
  });
})();

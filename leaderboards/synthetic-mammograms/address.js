// The part of the address behind #, which keeps what is seen: names with values that several scripts share.
(() => {
  "use strict";

  const said = () => new URLSearchParams(location.hash.slice(1));

  // The value of a name, or null.
  const get = (name) => said().get(name);

  // Values by name, written at once (browsers refuse many changes a second); null or "" takes a name away.
  function assign(changes) {
    const kept = said();
    for (const [name, value] of Object.entries(changes)) kept.set(name, value ?? "");
    for (const [name, value] of [...kept]) if (value === "") kept.delete(name);
    history.replaceState(null, "", `#${kept}`);
  }

  const set = (name, value) => assign({ [name]: value });

  window.srbench = Object.assign(window.srbench || {}, { address: { get, set, assign } });
})();

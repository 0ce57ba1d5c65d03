// Hands on pictures: the wheel, a dragged pointer, two fingers and keys move and zoom every frame at once.
(() => {
  "use strict";

  const { viewer, frames } = window.srbench;
  if (!viewer) return;
  const { state, image, change, step } = viewer;
  const { placed, zoomed, zoomedTo } = frames;
  const view = () => ({ zoom: state.zoom, x: state.x, y: state.y });
  const STEADY = 4;

  // holder: what holds frames of one size, and has the keys. frameAt: the frame that holds an element. sizeOf: the size
  // of its frames. click, hover: told the frame and the pixel of HR; hover is told null when the pointer leaves.
  // takes: whether another has a use for a pointer that goes down.
  function gestures(holder, { frameAt, sizeOf, click = () => {}, hover = () => {}, takes = () => false }) {
    const pointers = new Map();
    let begun = null;

    const pointIn = (frame, event) => {
      const box = frame.getBoundingClientRect();
      return { x: event.clientX - box.left - frame.clientLeft, y: event.clientY - box.top - frame.clientTop };
    };
    const pixelAt = (point) => {
      const at = placed(sizeOf(), image(), view());
      return { x: Math.floor((point.x - at.left) / at.zoom), y: Math.floor((point.y - at.top) / at.zoom) };
    };

    // The wheel belongs to the page until the pictures are in use, or Ctrl is held; and where there is no less to zoom.
    holder.addEventListener("wheel", (event) => {
      const frame = frameAt(event.target);
      if (!frame || !(event.ctrlKey || holder.contains(document.activeElement))) return;
      const next = zoomed(sizeOf(), image(), view(), -event.deltaY, pointIn(frame, event));
      if (!event.ctrlKey && next.zoom === "fit" && state.zoom === "fit") return;
      event.preventDefault();
      change(next, true);
    }, { passive: false });

    holder.addEventListener("pointerdown", (event) => {
      const frame = frameAt(event.target);
      if (!frame || event.button !== 0 || takes(event)) return;
      frame.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      begin(frame, event);
    });

    // From here on, moves are measured; with a second finger anew.
    function begin(frame, event) {
      const at = placed(sizeOf(), image(), view());
      begun = { frame, at, x: event.clientX, y: event.clientY, moved: pointers.size > 1, apart: apart() };
    }

    function apart() {
      const [one, other] = [...pointers.values()];
      return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
    }

    holder.addEventListener("pointermove", (event) => {
      const frame = frameAt(event.target);
      if (!pointers.has(event.pointerId)) {
        if (frame) hover(frame, pixelAt(pointIn(frame, event)));
        return;
      }
      pointers.set(event.pointerId, event);
      if (pointers.size === 2) return pinch(event);
      const by = { x: event.clientX - begun.x, y: event.clientY - begun.y };
      begun.moved ||= Math.hypot(by.x, by.y) > STEADY;
      if (!begun.moved || begun.at.named) return;
      change({ x: begun.at.x - by.x / begun.at.zoom, y: begun.at.y - by.y / begun.at.zoom }, true);
    });

    function pinch() {
      const wanted = Math.round(begun.at.zoom * (apart() / (begun.apart || 1)));
      const [one, other] = [...pointers.values()];
      const between = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
      if (wanted < 1) change({ zoom: "fit", x: null, y: null }, true);
      else change(zoomedTo(begun.at, sizeOf(), Math.min(32, wanted), pointIn(begun.frame, between)), true);
    }

    for (const end of ["pointerup", "pointercancel"]) {
      holder.addEventListener(end, (event) => {
        if (!pointers.delete(event.pointerId) || !begun) return;
        const { frame, moved } = begun;
        if (end === "pointerup" && !moved && pointers.size === 0) {
          const pixel = pixelAt(pointIn(frame, event));
          hover(frame, pixel);
          click(frame, pixel);
        }
        const [left] = pointers.values();
        if (left) begin(frame, left);
        else {
          begun = null;
          change({ x: state.x === null ? null : Math.round(state.x), y: state.y === null ? null : Math.round(state.y) });
        }
      });
    }
    holder.addEventListener("pointerleave", () => hover(null, null));

    // keys: what this holder does beside, by key.
    return function keys(event, own) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const size = sizeOf();
      const at = placed(size, image(), view());
      const zoom = (by) => change(zoomed(size, image(), view(), by, { x: size.width / 2, y: size.height / 2 }));
      const pan = (x, y) => change({ x: Math.round(at.x + (x * size.width) / at.zoom / 4), y: Math.round(at.y + (y * size.height) / at.zoom / 4) });
      const line = state.mode === "swipe" ? { ArrowLeft: () => change({ at: state.at - 2 }), ArrowRight: () => change({ at: state.at + 2 }) } : {};
      const modes = [...viewer.form.elements.mode].map((one) => one.value);
      const actions = {
        "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), 0: () => change({ zoom: "fit", x: null, y: null }),
        ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
        n: () => step(1), p: () => step(-1), x: () => change({ a: state.b, b: state.a }), Escape: () => change({ mode: "wall" }),
        ...Object.fromEntries(modes.map((mode, place) => [place + 1, () => change({ mode })])),
        ...line,
        ...own,
      };
      if (!Object.hasOwn(actions, event.key)) return;
      if (at.named && event.key.startsWith("Arrow") && !Object.hasOwn(line, event.key)) return; // there the page scrolls
      actions[event.key]();
      event.preventDefault();
    };
  }

  Object.assign(window.srbench, { gestures, view });
})();

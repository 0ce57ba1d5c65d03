// Boxes on a picture, drawn and moved with mouse, pen or finger.
(() => {
  "use strict";

  // stage: shows an image, of which image() has left, top, width and height in its own pixels, or null where there is none
  // yet. boxes(): those on it; kept(): those that stay when another is drawn; settled(box): the box inside the image.
  // show(boxes): while the pointer is down; done(boxes): when it is up.
  function drawBoxesOn(stage, { image, boxes, kept, most, least, settled, show, done }) {
    let after = null; // the boxes that there would be, were the pointer up at a point

    function under(event) {
      const { left, top, width, height } = image(), shown = stage.getBoundingClientRect();
      return { x: left + ((event.clientX - shown.left) / shown.width) * width, y: top + ((event.clientY - shown.top) / shown.height) * height };
    }

    function drawn(others, from) {
      return (to) => {
        const { left, top, width, height } = image();
        const x0 = Math.max(left, Math.floor(Math.min(from.x, to.x))), x1 = Math.min(left + width, Math.ceil(Math.max(from.x, to.x)));
        const y0 = Math.max(top, Math.floor(Math.min(from.y, to.y))), y1 = Math.min(top + height, Math.ceil(Math.max(from.y, to.y)));
        const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
        return Math.min(box.width, box.height) < least ? boxes() : [...others, settled(box)];
      };
    }

    function moved(all, place, from) {
      return (to) => all.map((box, at) => (at === place ? settled({ ...box, x: box.x + to.x - from.x, y: box.y + to.y - from.y }) : box));
    }

    stage.addEventListener("pointerdown", (event) => {
      if (!image() || event.button) return;
      const from = under(event);
      const inside = ({ x, y, width, height }) => from.x >= x && from.x < x + width && from.y >= y && from.y < y + height;
      const place = boxes().findLastIndex(inside);
      if (place < 0 && kept().length === most) return;
      after = place < 0 ? drawn(kept(), from) : moved(boxes(), place, from);
      stage.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    stage.addEventListener("pointermove", (event) => {
      if (after && image()) show(after(under(event)));
    });
    stage.addEventListener("pointerup", (event) => {
      const last = after && image() ? after(under(event)) : boxes();
      after = null;
      if (last !== boxes()) done(last);
    });
    stage.addEventListener("pointercancel", () => {
      after = null;
      if (image()) show(boxes());
    });
  }

  window.srbench = Object.assign(window.srbench || {}, { drawBoxesOn });
})();

// A picture in a frame: where its pixels lie at a zoom and a place. Zooms are whole numbers, so that pixels stay squares.
(() => {
  "use strict";

  const TILE = 512;
  const ZOOMS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

  // What can be reached of an image: all of it where there are tiles, or else the window.
  const boxOf = (image) => ({ left: image.left, top: image.top, width: image.width, height: image.height });
  const wholeOf = (image) => ({ left: 0, top: 0, width: image.whole[0], height: image.whole[1] });
  const extentOf = (image) => (image.tiled ? wholeOf(image) : boxOf(image));

  // The largest whole zoom at which all of it is seen; below 1, as small as need be.
  function fitting(size, extent) {
    const most = Math.min(size.width / extent.width, size.height / extent.height);
    return most >= 1 ? Math.floor(most) : most;
  }

  function middle(wanted, low, length, seen) {
    if (wanted === null || length <= seen) return low + length / 2;
    return Math.min(low + length - seen / 2, Math.max(low + seen / 2, wanted));
  }

  // Where a frame of this size shows an image: the zoom, the pixel in its middle, and the corner of the whole image.
  function placed(size, image, view) {
    const named = { fit: boxOf(image), whole: extentOf(image) }[view.zoom];
    const extent = named || extentOf(image);
    const zoom = named ? fitting(size, named) : view.zoom;
    const wanted = named ? { x: null, y: null } : { x: view.x ?? image.left + image.width / 2, y: view.y ?? image.top + image.height / 2 };
    const x = middle(wanted.x, extent.left, extent.width, size.width / zoom);
    const y = middle(wanted.y, extent.top, extent.height, size.height / zoom);
    return { zoom, x, y, left: Math.round(size.width / 2 - x * zoom), top: Math.round(size.height / 2 - y * zoom), named: Boolean(named), fits: view.zoom === "fit" };
  }

  // The next zoom up or down, at which the pixel under a point of the frame stays there.
  function zoomed(size, image, view, by, point) {
    const now = placed(size, image, view);
    const next = by > 0 ? ZOOMS.find((one) => one > now.zoom) : ZOOMS.findLast((one) => one < now.zoom);
    if (next === undefined) return by > 0 ? {} : { zoom: "fit", x: null, y: null };
    return zoomedTo(now, size, next, point);
  }

  function zoomedTo(now, size, next, point) {
    const held = { x: (point.x - now.left) / now.zoom, y: (point.y - now.top) / now.zoom };
    return { zoom: next, x: Math.round(held.x + (size.width / 2 - point.x) / next), y: Math.round(held.y + (size.height / 2 - point.y) / next) };
  }

  const element = (tag, name) => Object.assign(document.createElement(tag), { className: name });

  class Frame {
    constructor(holder) {
      this.holder = holder;
      this.plane = element("div", "plane");
      this.tiles = [];
      holder.replaceChildren(this.plane);
    }

    // source: the address of a picture of the window. tiles: those of the whole image, in rows.
    show(image, source, alt, tiles = [], isLr = false) {
      this.image = image;
      this.addresses = tiles;
      this.zoom = null;
      this.tiles.forEach((tile) => tile.remove()); // passes over those that were never fetched
      this.tiles = [];
      if (!this.picture) {
        this.picture = Object.assign(element("img", "window"), { draggable: false, decoding: "async" });
        this.spot = element("div", "spot");
        this.spot.hidden = true;
        this.plane.replaceChildren(this.picture, this.spot);
      }
      this.picture.src = source;
      this.picture.alt = alt;
      this.plane.classList.toggle("lr", isLr);
      this.paint(null);
    }

    // Words in place of a picture that there is not.
    say(words) {
      const told = document.createElement("p");
      told.textContent = words;
      this.picture = this.canvas = null;
      this.plane.replaceChildren(told);
      this.plane.style.transform = "";
    }

    // A canvas that is drawn from values covers the picture; null for none.
    paint(draw) {
      if (this.canvas) this.canvas.remove();
      this.canvas = null;
      this.plane.classList.toggle("painted", draw !== null);
      if (!draw || !this.picture) return;
      this.canvas = element("canvas", "window");
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", this.picture.alt);
      draw(this.canvas);
      this.picture.after(this.canvas);
      this.zoom = null;
    }

    place(size, at) {
      if (!this.picture) return;
      this.plane.style.transform = `translate(${at.left}px, ${at.top}px)`;
      if (this.zoom !== at.zoom) {
        this.zoom = at.zoom;
        this.plane.classList.toggle("shrunk", at.zoom < 1);
        for (const one of [this.picture, this.canvas]) if (one) this.lay(one, boxOf(this.image));
        for (const tile of this.tiles) if (tile) this.lay(tile, tile.box);
      }
      if (!at.fits) this.load(size, at);
    }

    lay(one, box) {
      const z = this.zoom;
      Object.assign(one.style, { left: `${box.left * z}px`, top: `${box.top * z}px`, width: `${box.width * z}px`, height: `${box.height * z}px` });
    }

    // Tiles are fetched when they come into view.
    load(size, at) {
      const [wide, high] = this.image.whole;
      const columns = this.addresses.length === 1 ? 1 : Math.ceil(wide / TILE);
      const side = this.addresses.length === 1 ? Math.max(wide, high) : TILE;
      this.addresses.forEach((address, place) => {
        if (this.tiles[place]) return;
        const left = (place % columns) * side;
        const top = Math.floor(place / columns) * side;
        const box = { left, top, width: Math.min(side, wide - left), height: Math.min(side, high - top) };
        const right = (left + box.width) * at.zoom + at.left;
        const bottom = (top + box.height) * at.zoom + at.top;
        if (right < 0 || bottom < 0 || left * at.zoom + at.left > size.width || top * at.zoom + at.top > size.height) return;
        const tile = Object.assign(element("img", "whole"), { src: address, alt: "", draggable: false, box });
        this.tiles[place] = tile;
        this.lay(tile, box);
        this.plane.prepend(tile);
      });
    }

    // A mark around one pixel of HR; null takes it away.
    point(pixel) {
      if (!this.spot) return;
      this.spot.hidden = pixel === null;
      if (pixel === null) return;
      const side = Math.max(this.zoom, 3);
      this.spot.style.width = this.spot.style.height = `${side}px`;
      this.spot.style.transform = `translate(${pixel.x * this.zoom}px, ${pixel.y * this.zoom}px)`;
    }
  }

  Object.assign(window.srbench, { Frame, frames: { placed, zoomed, zoomedTo } });
})();

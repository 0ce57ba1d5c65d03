// A figure of crops: laid out once as a list of pictures, frames and texts, which are then painted, or written as SVG.
(() => {
  "use strict";

  const GAP = 8, SIZE = 11, LINE = 14, LINES = 4, TAG = 13, WHOLE = 272;
  const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";
  const SVG = "http://www.w3.org/2000/svg";
  const ruler = document.createElement("canvas").getContext("2d");

  const font = (weight) => `${weight} ${SIZE}px ${FONT}`;

  function measure(text, weight) {
    ruler.font = font(weight);
    return ruler.measureText(text).width;
  }

  // Text as lines that are no wider than this: broken between words, or inside one that is too long.
  function wrapped(text, width, weight) {
    const lines = [""];
    for (const word of text.slice(0, 400).split(/(?<=[\s/_,-])/u)) {
      for (const piece of measure(word.trim(), weight) > width ? [...word] : [word]) {
        if (measure((lines.at(-1) + piece).trim(), weight) > width && lines.at(-1)) lines.push("");
        lines[lines.length - 1] += piece;
      }
    }
    const kept = lines.map((line) => line.trim()).filter(Boolean);
    return kept.length > LINES ? [...kept.slice(0, LINES - 1), `${kept[LINES - 1].slice(0, -1)}…`] : kept;
  }

  function words(items, x, y, width, texts) {
    for (const { text, weight } of texts) {
      for (const line of wrapped(text, width, weight)) {
        y += LINE;
        items.push({ kind: "text", text: line, x: x + width / 2, y: y - 3, weight });
      }
    }
    return y;
  }

  // Around a box, so that every pixel in it is seen: a coloured line between two white ones.
  function frame(items, box, colour, tag) {
    items.push({ kind: "frame", x: box.x - 2, y: box.y - 2, width: box.width + 4, height: box.height + 4, colour });
    if (tag) items.push({ kind: "tag", x: box.x - 3, y: box.y - 3, text: tag, colour });
  }

  // A picture with frames around its boxes, each with its number where there are several.
  function marked(items, picture, boxes, scale, x, y) {
    items.push({ kind: "picture", picture, x, y, scale });
    for (const [place, box] of boxes.entries()) {
      const drawn = { x: x + box.x * scale, y: y + box.y * scale, width: box.width * scale, height: box.height * scale };
      frame(items, drawn, box.colour, numbered(boxes, place));
    }
  }

  const numbered = (boxes, place) => (boxes.length > 1 ? String(place + 1) : "");

  // The picture alone, with its boxes.
  function overview(picture, boxes, scale) {
    const items = [];
    marked(items, picture, boxes, scale, 0, 0);
    return { items, width: picture.width * scale, height: picture.height * scale };
  }

  // whole: {picture, title}, a canvas. boxes: {x, y, width, height, colour} on it. columns: {title, scores, crops}, a
  // canvas a box. row: how many columns stand beside each other.
  function layout({ whole, boxes, columns, row }) {
    const items = [];
    const wide = Math.max(...boxes.map((_, place) => columns[0].crops[place].width));
    const texts = (column) => [{ text: column.title, weight: 600 }, ...column.scores.map((text) => ({ text, weight: 400 }))];
    const crops = [];
    let y = GAP, right = 0;
    for (let first = 0; first < columns.length; first += row) {
      const band = columns.slice(first, first + row);
      for (const [place, box] of boxes.entries()) {
        band.forEach((column, at) => {
          const picture = column.crops[place], x = at * (wide + GAP) + Math.floor((wide - picture.width) / 2);
          crops.push({ kind: "picture", picture, x, y });
          frame(crops, { x, y, width: picture.width, height: picture.height }, box.colour, at === 0 ? numbered(boxes, place) : "");
        });
        y += band[0].crops[place].height + GAP;
      }
      y = Math.max(...band.map((column, at) => words(crops, at * (wide + GAP), y - GAP + 3, wide, texts(column)))) + GAP;
      right = Math.max(right, band.length * (wide + GAP));
    }
    const { picture, title } = whole;
    const scale = Math.max(1, Math.floor(Math.min((y - 2 * LINE) / picture.height, WHOLE / picture.width)));
    marked(items, picture, boxes, scale, GAP, GAP);
    const left = picture.width * scale;
    const end = words(items, GAP, GAP + picture.height * scale + 3, left, [{ text: title, weight: 400 }]);
    for (const item of crops) items.push({ ...item, x: item.x + left + 2 * GAP + 2 });
    return { items, width: left + 2 * GAP + 2 + right, height: Math.max(y, end + GAP) };
  }

  // The pixels of a layer in a box of the window, each of the window's pixels as `times` × `times`: no smoothing. A layer
  // of another size, as LR, is stretched over the window.
  function crop(layer, window, box, times) {
    const canvas = document.createElement("canvas");
    canvas.width = box.width * times;
    canvas.height = box.height * times;
    const pixels = new ImageData(canvas.width, canvas.height);
    const from = new Uint32Array(layer.data.buffer), to = new Uint32Array(pixels.data.buffer);
    const under = (first, place, own, whole) => Math.min(own - 1, Math.floor(((first + place / times) * own) / whole));
    const columns = Array.from({ length: canvas.width }, (_, x) => under(box.x - window.left, x, layer.width, window.width));
    for (let y = 0; y < canvas.height; y += 1) {
      const line = under(box.y - window.top, y, layer.height, window.height) * layer.width;
      for (let x = 0; x < canvas.width; x += 1) to[y * canvas.width + x] = from[line + columns[x]];
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas;
  }

  // The figure on a canvas, `scale` times its size.
  function paint(scene, scale, canvas = document.createElement("canvas")) {
    canvas.width = scene.width * scale;
    canvas.height = scene.height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.imageSmoothingEnabled = false;
    pen.textAlign = "center";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, scene.width, scene.height);
    for (const item of scene.items) {
      const { kind, x, y, picture, colour } = item;
      if (kind === "picture") {
        pen.drawImage(picture, x, y, picture.width * (item.scale || 1), picture.height * (item.scale || 1));
      } else if (kind === "frame") {
        for (const [style, width] of [["#fff", 4], [colour, 2]]) {
          pen.strokeStyle = style;
          pen.lineWidth = width;
          pen.strokeRect(x, y, item.width, item.height);
        }
      } else {
        if (kind === "tag") {
          pen.fillStyle = colour;
          pen.fillRect(x, y, TAG, TAG);
        }
        pen.fillStyle = kind === "tag" ? "#fff" : "#000";
        pen.font = font(kind === "tag" ? 600 : item.weight);
        pen.fillText(item.text, kind === "tag" ? x + TAG / 2 : x, kind === "tag" ? y + TAG - 3 : y);
      }
    }
    return canvas;
  }

  // What XML cannot hold is shown as what could not be shown.
  const legal = (text) => text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");

  // The figure as SVG: pictures are in it, text is text.
  function svg(scene, title) {
    const sheet = document.implementation.createDocument(SVG, "svg", null);
    const add = (name, attributes, text) => {
      const element = sheet.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = legal(text);
      sheet.documentElement.append(element);
    };
    const { width, height } = scene;
    for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })) sheet.documentElement.setAttribute(key, value);
    add("title", {}, title);
    add("rect", { width, height, fill: "#fff" });
    const letters = { "font-family": FONT, "font-size": SIZE, "text-anchor": "middle" };
    for (const item of scene.items) {
      const { kind, x, y, picture, colour } = item;
      if (kind === "picture") {
        const side = (length) => length * (item.scale || 1);
        add("image", { x, y, width: side(picture.width), height: side(picture.height), href: picture.toDataURL("image/png"), style: "image-rendering: pixelated" });
      } else if (kind === "frame") {
        for (const [stroke, line] of [["#fff", 4], [colour, 2]]) add("rect", { x, y, width: item.width, height: item.height, fill: "none", stroke, "stroke-width": line });
      } else if (kind === "tag") {
        add("rect", { x, y, width: TAG, height: TAG, fill: colour });
        add("text", { ...letters, x: x + TAG / 2, y: y + TAG - 3, fill: "#fff", "font-weight": 600 }, item.text);
      } else {
        add("text", { ...letters, x, y, fill: "#000", "font-weight": item.weight }, item.text);
      }
    }
    return new XMLSerializer().serializeToString(sheet);
  }

  const SPECIAL = {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", "`": "\\textasciigrave{}", "\"": "\\textquotedbl{}", "[": "{[}", "]": "{]}", "×": "$\\times$", "−": "$-$",
    "∞": "$\\infty$", "±": "$\\pm$", "·": "\\textperiodcentered{}", "µ": "\\textmu{}", "°": "\\textdegree{}", "…": "\\dots{}",
  };
  for (const letter of "&%$#_{}") SPECIAL[letter] = `\\${letter}`;

  // Text that LaTeX prints as it is; pairs of letters that it would join are kept apart.
  function escaped(text) {
    const apart = text.replace(/[^\S\u00a0]+/g, " ").replace(/(?<=-)(?=-)|(?<=,)(?=,)|(?<=')(?=')/g, "\0");
    return [...apart].map((letter) => (letter === "\0" ? "{}" : letter === "\u00a0" ? "~" : SPECIAL[letter] || letter)).join("");
  }

  // A figure environment around the PNG, for a document that loads graphicx. origin: of which board, in a comment.
  function latex({ file, caption, label, origin }) {
    const comment = (text) => `% ${text.replace(/\s+/g, " ")}`;
    const beyond = [...new Set(caption.match(/[^\x00-\u017f\u2010-\u2027\u20ac]/gu) || [])].filter((letter) => !SPECIAL[letter]);
    return [
      comment(origin),
      "% It needs \\usepackage{graphicx} and \\usepackage[T1]{fontenc}, and the PNG beside the document.",
      ...(beyond.length ? [comment(`Run LuaLaTeX or XeLaTeX with a font that has ${beyond.slice(0, 20).join(" ")}`)] : []),
      "\\begin{figure}",
      "\\centering",
      `\\includegraphics[width=\\linewidth]{${file}}`,
      `\\caption{${escaped(caption)}}`,
      `\\label{fig:${label}}`,
      "\\end{figure}",
      "",
    ].join("\n");
  }

  window.srbench = Object.assign(window.srbench || {}, { figure: { WHOLE, GAP, crop, overview, layout, paint, svg, latex } });
})();

/* Drawing on the stage's pictures: shapes relative to the picture (x and y from 0 to 1), over it at any size, and the pen
   that makes them. Tools: templates/stage/_ink.html.

   stage.ink -> { show({take, first, last, shapes} or null): what an open comment has drawn, seen on those frames of that take;
   begin({take, first, last, shapes, changed(shapes), ended()}): draw on the lead; end(); isDrawing }. */
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const KINDS = ["pen", "arrow", "box"];
  const COLOURS = ["red", "yellow", "green", "blue", "white"];
  const MOST_SHAPES = 100;
  const MOST_POINTS = 4000; /* of all shapes */
  const MOST_IN_ONE = 2000;
  const STEP_PX = 2;
  const LEAST_PX = 4; /* an arrow or a box that is smaller was a slip of the hand */
  const THICK = 0.005; /* of the longer side */

  const round = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000;
  const sizeOf = (clip) => [clip.width || 16, clip.height || 9];

  /* The line of a shape, in the picture's own pixels. */
  function path({ kind, points }, [width, height]) {
    const at = points.map(([x, y]) => [x * width, y * height]);
    const line = (all) => all.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const [[x, y], [x2, y2]] = [at[0], at[at.length - 1]];
    if (kind === "box") return `${line([[x, y], [x2, y], [x2, y2], [x, y2]])}Z`;
    if (kind === "arrow") return line(at) + barbs([x, y], [x2, y2], Math.max(width, height) * 0.03);
    return line(at);
  }

  function barbs([x, y], [x2, y2], long) {
    const way = Math.atan2(y2 - y, x2 - x);
    const end = (turn) => `L${(x2 - long * Math.cos(way + turn)).toFixed(1)} ${(y2 - long * Math.sin(way + turn)).toFixed(1)}`;
    return [-0.5, 0.5].map((turn) => `M${x2.toFixed(1)} ${y2.toFixed(1)}${end(turn)}`).join("");
  }

  function drawn(shape, size) {
    const group = document.createElementNS(SVG, "g");
    if (!KINDS.includes(shape.kind) || !COLOURS.includes(shape.colour)) return group;
    group.setAttribute("class", `ink-${shape.colour}`);
    for (const [name, times] of [["ink-under", 2], ["ink-line", 1]]) {
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("class", name);
      line.setAttribute("d", path(shape, size));
      line.setAttribute("stroke-width", (Math.max(...size) * THICK * times).toFixed(2));
      group.append(line);
    }
    return group;
  }

  function sheetOf(layer) {
    const known = layer.frame.querySelector(".ink");
    if (known) return known;
    const sheet = document.createElementNS(SVG, "svg");
    sheet.setAttribute("class", "ink");
    sheet.setAttribute("viewBox", `0 0 ${sizeOf(layer.clip).join(" ")}`);
    sheet.setAttribute("aria-hidden", "true");
    layer.frame.append(sheet);
    return sheet;
  }

  function drawing(stage) {
    const { element } = stage;
    const tools = element.querySelector("[data-ink-tools]");
    let shown = null; /* what an open comment has drawn */
    let draft = null; /* what is being drawn */
    let held = null; /* the shape under the pointer */
    let kind = "pen";
    let colour = "red";
    let before = "single";

    const numberOf = (clip) => (clip.take ? String(clip.take.number) : "");
    const isHere = (one) => Boolean(one) && numberOf(stage.lead) === one.take && stage.frame >= one.first && stage.frame <= one.last;

    function paint() {
      for (const old of element.querySelectorAll(".ink")) old.replaceChildren();
      const one = draft || shown;
      const layer = stage.member(stage.leadIndex);
      if (draft) sheetOf(layer).classList.toggle("is-open", isHere(draft));
      if (!isHere(one)) return;
      const shapes = held ? [...one.shapes, held] : one.shapes;
      sheetOf(layer).replaceChildren(...shapes.map((shape) => drawn(shape, sizeOf(layer.clip))));
    }

    function show(one) {
      shown = one && one.shapes.length ? one : null;
      paint();
    }

    function begin(asked) {
      if (draft) end();
      stage.pause();
      before = stage.mode;
      if (before !== "single") stage.setMode("single");
      draft = { ...asked, shapes: [...asked.shapes] };
      sheetOf(stage.member(stage.leadIndex)); /* under the pen before the first stroke */
      element.classList.add("is-drawing");
      tools.hidden = false;
      sync();
      paint();
    }

    function end() {
      if (!draft) return;
      const { ended, ...done } = draft;
      for (const sheet of element.querySelectorAll(".ink")) sheet.classList.remove("is-open");
      element.classList.remove("is-drawing");
      tools.hidden = true;
      held = draft = null;
      if (before !== "single") stage.setMode(before);
      show(done);
      ended();
    }

    function change(shapes) {
      draft.shapes = shapes;
      draft.changed(shapes);
      sync();
      paint();
    }

    function sync() {
      for (const button of tools.querySelectorAll("[data-ink-kind]")) {
        button.setAttribute("aria-pressed", String(button.dataset.inkKind === kind));
      }
      for (const button of tools.querySelectorAll("[data-ink-colour]")) {
        button.setAttribute("aria-pressed", String(button.dataset.inkColour === colour));
      }
      for (const name of ["undo", "clear"]) tools.querySelector(`[data-ink-${name}]`).disabled = !draft.shapes.length;
    }

    /* Where the pointer is, in parts of the picture: what lies beside it is on its edge. */
    function place(event, sheet) {
      const [width, height] = sizeOf(stage.lead);
      const room = sheet.getBoundingClientRect();
      const scale = Math.min(room.width / width, room.height / height) || 1;
      const left = room.left + (room.width - width * scale) / 2;
      const top = room.top + (room.height - height * scale) / 2;
      return [round((event.clientX - left) / (width * scale)), round((event.clientY - top) / (height * scale))];
    }

    const isFull = () => draft.shapes.length >= MOST_SHAPES || draft.shapes.reduce((sum, one) => sum + one.points.length, 0) >= MOST_POINTS;

    function press(event) {
      const sheet = event.target.closest && event.target.closest(".ink.is-open");
      if (!draft || !sheet || event.button) return;
      event.preventDefault();
      event.stopPropagation();
      if (held) return;
      if (isFull()) { window.rushes.toast("The drawing is full: undo some of it.", { bad: true }); return; }
      sheet.setPointerCapture(event.pointerId);
      const from = place(event, sheet);
      held = { kind, colour, points: [from, from] };
      let last = event;
      const follow = (moved) => {
        moved.stopPropagation();
        if (moved.pointerId !== event.pointerId || !held) return;
        if (Math.hypot(moved.clientX - last.clientX, moved.clientY - last.clientY) < STEP_PX) return;
        last = moved;
        draw(place(moved, sheet));
      };
      const finish = (done) => {
        if (done.pointerId !== event.pointerId) return;
        for (const [name, act] of heard) sheet.removeEventListener(name, act);
        const moved = Math.hypot(last.clientX - event.clientX, last.clientY - event.clientY);
        const shape = held;
        held = null;
        if (!draft || !shape) return;
        if (done.type === "pointercancel" || (kind !== "pen" && moved < LEAST_PX)) paint();
        else change([...draft.shapes, shape]);
      };
      const heard = [["pointermove", follow], ["pointerup", finish], ["pointercancel", finish]];
      for (const [name, act] of heard) sheet.addEventListener(name, act);
      paint();
    }

    function draw(to) {
      const { points } = held;
      if (held.kind !== "pen") points[1] = to;
      else if (points.length < MOST_IN_ONE) points.push(to);
      paint();
    }

    /* Before the stage hears of it: a press would play, a drag would move a wipe. */
    element.addEventListener("pointerdown", press, true);
    element.addEventListener("click", (event) => {
      if (draft && event.target.closest(".ink.is-open")) event.stopPropagation();
    }, true);

    tools.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button || !draft) return;
      if (button.dataset.inkKind) kind = button.dataset.inkKind;
      else if (button.dataset.inkColour) colour = button.dataset.inkColour;
      else if ("inkUndo" in button.dataset) change(draft.shapes.slice(0, -1));
      else if ("inkClear" in button.dataset) change([]);
      else if ("inkDone" in button.dataset) { end(); return; }
      sync();
    });

    document.addEventListener("keydown", (event) => {
      if (!draft || event.defaultPrevented) return;
      const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.target.matches("textarea, input");
      if (event.key === "Escape") end();
      else if (isUndo && draft.shapes.length) change(draft.shapes.slice(0, -1));
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);

    for (const name of ["frame", "clip", "clips", "mode"]) element.addEventListener(`rushes:${name}`, paint);
    element.addEventListener("rushes:clip", () => { if (draft && numberOf(stage.lead) !== draft.take) end(); });
    stage.ink = { show, begin, end, get isDrawing() { return Boolean(draft); } };
  }

  window.rushes.stage.parts.push(drawing);
})();

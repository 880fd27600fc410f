/* Reframe: the source as a rectangle on the new canvas, dragged, resized, moved by keys, put by buttons. Where a clip is
   shown, the stage is the canvas: canvas-on-stage.js puts it there.

   The four inputs hold where it lies, in fractions of the canvas; all empty is the centred fit. Everything is drawn
   anew from them, so that a mend, a draft or another clip needs nothing of its own here. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, all } = window.rushes.studio;
  const NAMES = ["x_norm", "y_norm", "w_norm", "h_norm"];
  const LONG_SIDE = 1000;
  const LEAST = 0.01;
  const MOST = 2;
  const CATCHES = 0.012; /* of the canvas: this near to an edge or the middle, a drag stops there */
  const ROOM = 0.12;
  let held = null; /* a drag under way */
  let view = null;
  let keptShape = null; /* the shape that the placement last kept: of the clip and the canvas that were there then */

  const box = () => $("[data-canvas]");
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const inputs = () => NAMES.map((name) => $(`[name="${name}"]`));

  function ratio() {
    const chosen = all('[name="aspect_ratio"]').find((one) => (one.type === "radio" ? one.checked : true));
    const text = chosen ? chosen.value : box().dataset.ratio;
    const [across, down] = text.split(":").map(Number);
    return across && down ? { text, value: across / down } : null;
  }

  function canvas() {
    const wanted = ratio();
    if (!wanted) return null;
    return wanted.value >= 1
      ? { ...wanted, width: LONG_SIDE, height: LONG_SIDE / wanted.value }
      : { ...wanted, width: LONG_SIDE * wanted.value, height: LONG_SIDE };
  }

  /* The source's aspect ratio over the canvas's: its width over its height in fractions. */
  function shape() {
    const { width, height } = box().dataset;
    const wanted = ratio();
    return wanted && Number(height) ? Number(width) / Number(height) / wanted.value : null;
  }

  function fitted(of, covering) {
    const [w, h] = (of >= 1) !== covering ? [1, 1 / of] : [of, 1];
    return { x: (1 - w) / 2, y: (1 - h) / 2, w, h };
  }

  function typed() {
    const found = inputs();
    if (!found[0] || found.some((one) => one.value === "")) return null;
    const [x, y, w, h] = found.map((one) => Number(one.value));
    const isDrawable = [x, y].every((at) => Math.abs(at) <= MOST) && [w, h].every((size) => size > 0 && size <= MOST);
    return isDrawable ? { x, y, w, h } : null;
  }

  const now = () => typed() || (shape() ? fitted(shape(), false) : null);
  const isFree = () => !shape() || Boolean($("[data-canvas-free]") && $("[data-canvas-free]").checked);
  const show = (value) => String(Number(value.toFixed(4)));

  function write(place) {
    const kept = place && { x: clamp(place.x, -MOST, MOST), y: clamp(place.y, -MOST, MOST), w: place.w, h: place.h };
    inputs().forEach((input, at) => { input.value = kept ? show(kept["xywh"[at]]) : ""; });
  }

  function tell() {
    const first = inputs()[0];
    if (first) first.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function put(place) { write(place); draw(); tell(); }

  /* Sizes. With the shape kept, width leads; both stay within what can be sent. */
  function sized(w, h) {
    if (isFree()) return { w: clamp(w, LEAST, MOST), h: clamp(h, LEAST, MOST) };
    const of = shape();
    const low = Math.max(LEAST, LEAST * of);
    const high = Math.min(MOST, MOST * of);
    const wide = clamp(w, low, high);
    return { w: wide, h: wide / of };
  }

  function scaled(place, by) {
    const { w, h } = sized(place.w * by, place.h * by);
    return { x: place.x + (place.w - w) / 2, y: place.y + (place.h - h) / 2, w, h };
  }

  /* Drawing */
  function draw() {
    if (!box()) return;
    const paper = canvas();
    $("[data-canvas-first]").hidden = Boolean(paper);
    $("[data-canvas-drawn]").hidden = !paper;
    if (!paper) {
      form.dispatchEvent(new CustomEvent("rushes:drawn"));
      return;
    }
    const place = now();
    noteShape();
    const source = place && { x: place.x * paper.width, y: place.y * paper.height, w: place.w * paper.width, h: place.h * paper.height };
    if (!held || !view) view = seen(paper, source);
    const svg = $("[data-canvas-stage] svg");
    for (const one of all("[data-canvas-stage] > svg")) one.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
    svg.setAttribute("aria-label", `The source on a canvas of ${paper.text}`);
    for (const one of [$("[data-canvas-paper]"), $("[data-canvas-edge]")]) { one.setAttribute("width", paper.width); one.setAttribute("height", paper.height); }
    const picture = $("[data-canvas-picture]");
    for (const [name, value] of source ? [["x", source.x], ["y", source.y], ["width", source.w], ["height", source.h]] : [["width", 0], ["height", 0]]) picture.setAttribute(name, value);
    $("[data-canvas-outside]").setAttribute("d", `M${view.x} ${view.y}h${view.w}v${view.h}h${-view.w}zM0 0h${paper.width}v${paper.height}h${-paper.width}z`);
    grip(paper, place);
    form.dispatchEvent(new CustomEvent("rushes:drawn", { detail: place && lies(paper, place) }));
    words(place);
    const fit = shape() && fitted(shape(), false);
    inputs().forEach((input, at) => { if (input) input.placeholder = fit ? show(fit["xywh"[at]]) : ""; });
  }

  function seen(paper, source) {
    const room = ROOM * LONG_SIDE;
    let [left, top, right, bottom] = [-room, -room, paper.width + room, paper.height + room];
    if (source) {
      left = Math.min(left, source.x - room / 3);
      top = Math.min(top, source.y - room / 3);
      right = Math.max(right, source.x + source.w + room / 3);
      bottom = Math.max(bottom, source.y + source.h + room / 3);
    }
    return { x: left, y: top, w: right - left, h: bottom - top };
  }

  /* Pixels of one canvas, and where it begins on the stage. */
  function scale(paper) {
    const to = $("[data-canvas-stage] svg").getScreenCTM();
    const stage = $("[data-canvas-stage]").getBoundingClientRect();
    return { x: to.e - stage.left, y: to.f - stage.top, width: to.a * paper.width, height: to.d * paper.height };
  }

  /* Where the source lies on the stage, in pixels. */
  function lies(paper, place) {
    const at = scale(paper);
    return { left: at.x + place.x * at.width, top: at.y + place.y * at.height, width: place.w * at.width, height: place.h * at.height };
  }

  function grip(paper, place) {
    const handle = $("[data-canvas-grip]");
    if (!handle) return;
    handle.hidden = !place;
    if (!place) return;
    for (const [name, value] of Object.entries(lies(paper, place))) handle.style[name] = `${value}px`;
    handle.classList.toggle("is-free", isFree());
    $("[data-canvas-name]").textContent = `The source on the canvas: left edge ${show(place.x)}, top edge ${show(place.y)}, width ${show(place.w)}, height ${show(place.h)}`;
  }

  function words(place) {
    const says = $("[data-canvas-says]");
    if (!place) { says.textContent = "The clip's own shape is not known here, so its centred fit cannot be drawn."; return; }
    const across = Math.max(0, Math.min(1, place.x + place.w) - Math.max(0, place.x));
    const down = Math.max(0, Math.min(1, place.y + place.h) - Math.max(0, place.y));
    const inside = across * down;
    const cut = Math.round(100 * (1 - inside / (place.w * place.h)));
    const text = `${typed() ? "" : "Centred fit. "}${Math.round(100 * (1 - inside))} % of the canvas is drawn new${cut ? `, ${cut} % of the source is cut off` : ""}.`;
    if (says.textContent !== text) says.textContent = text;
  }

  /* Moving and resizing by pointer: mouse, pen or finger. */
  form.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-canvas-grip]");
    if (!handle || event.button) return;
    event.preventDefault();
    event.stopPropagation(); /* below it lies the picture of the stage, which takes presses too */
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    const paper = canvas();
    held = { x: event.clientX, y: event.clientY, from: now(), scale: scale(paper), corner: event.target.dataset.corner || "", moved: false };
  }, true);
  form.addEventListener("pointermove", (event) => {
    if (!held || !event.target.closest("[data-canvas-grip]")) return;
    event.stopPropagation();
    const dx = (event.clientX - held.x) / held.scale.width;
    const dy = (event.clientY - held.y) / held.scale.height;
    if (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 3) return;
    held.moved = true;
    write(held.corner ? resized(held.from, held.corner, dx, dy) : moved(held.from, dx, dy, !event.altKey));
    draw();
  }, true);
  const release = () => {
    if (!held) return;
    const has = held.moved;
    held = null;
    draw();
    if (has) tell();
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) form.addEventListener(name, release);

  function moved(from, dx, dy, catches) {
    const place = { ...from, x: clamp(from.x + dx, -MOST, MOST), y: clamp(from.y + dy, -MOST, MOST) };
    if (catches) {
      place.x = caught(place.x, [0, (1 - place.w) / 2, 1 - place.w]);
      place.y = caught(place.y, [0, (1 - place.h) / 2, 1 - place.h]);
    }
    return place;
  }
  const caught = (at, stops) => stops.find((stop) => Math.abs(stop - at) < CATCHES) ?? at;

  /* The corner or side across from the one that is dragged stays where it is. */
  function resized(from, corner, dx, dy) {
    const toLeft = corner.includes("w");
    const toTop = corner.includes("n");
    const growsX = toLeft ? -dx : corner.includes("e") ? dx : 0;
    const growsY = toTop ? -dy : corner.includes("s") ? dy : 0;
    let wide = from.w + growsX;
    if (!isFree()) wide = Math.abs(growsX) >= Math.abs(growsY * shape()) ? from.w + growsX : from.w + growsY * shape();
    const { w, h } = sized(wide, from.h + growsY);
    return { x: toLeft ? from.x + from.w - w : from.x, y: toTop ? from.y + from.h - h : from.y, w, h };
  }

  form.addEventListener("keydown", (event) => {
    if (!event.target.closest("[data-canvas-grip]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 0.1 : 0.01;
    const arrows = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const place = now();
    if (event.key in arrows) put(moved(place, ...arrows[event.key], false));
    else if (["+", "=", "*"].includes(event.key)) put(scaled(place, 1 + step));
    else if (["-", "_"].includes(event.key)) put(scaled(place, 1 / (1 + step)));
    else return;
    event.preventDefault();
    event.stopPropagation(); /* the player's keys are not meant */
  }, true);

  /* Buttons */
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-canvas-snap]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    const at = now();
    const places = {
      fit: () => null,
      fill: () => fitted(shape(), true),
      left: () => ({ ...at, x: 0 }),
      right: () => ({ ...at, x: 1 - at.w }),
      top: () => ({ ...at, y: 0 }),
      bottom: () => ({ ...at, y: 1 - at.h }),
      centre: () => ({ ...at, x: (1 - at.w) / 2, y: (1 - at.h) / 2 }),
    };
    if (["fit", "fill"].includes(button.dataset.canvasSnap) && $("[data-canvas-free]")) $("[data-canvas-free]").checked = false;
    put(places[button.dataset.canvasSnap]());
  }, true);

  /* Another canvas or another clip: what was placed keeps its middle and its width, and its own shape. */
  function keepShape() {
    const place = typed();
    if (!place || isFree() || Math.abs(place.w / place.h / shape() - 1) < 0.01) return false;
    const { w, h } = sized(place.w, place.h);
    write({ x: place.x + (place.w - w) / 2, y: place.y + (place.h - h) / 2, w, h });
    return true;
  }

  /* A placement that kept the shape of the clip before keeps that of this one: which of form and clip comes first is
     chance, and a form that was asked for with the one and the other says that the source is stretched. */
  function followShape() {
    const place = typed();
    if (!place || !shape() || keptShape === null) return false;
    const of = place.w / place.h;
    if (Math.abs(of / keptShape - 1) >= 0.01 || Math.abs(of / shape() - 1) < 0.01) return false;
    const free = $("[data-canvas-free]");
    if (free) free.checked = false;
    return keepShape();
  }

  function noteShape() {
    const place = typed();
    if (place && shape() && Math.abs(place.w / place.h / shape() - 1) < 0.01) keptShape = shape();
  }

  form.addEventListener("change", (event) => {
    if (!box()) return;
    if (event.target.name === "aspect_ratio") { if (keepShape()) tell(); draw(); }
    if (event.target.matches("[data-canvas-free]")) { if (keepShape()) tell(); draw(); }
  });
  form.addEventListener("input", (event) => {
    /* With the shape kept, a typed width says the height, and the other way round; the rest is the fit's. */
    if (!event.isTrusted || !event.target.matches("[data-canvas-number]") || isFree() || event.target.value === "") return;
    const [x, y, w, h] = inputs();
    const fit = fitted(shape(), false);
    [x, y, w, h].forEach((one, at) => { if (one.value === "") one.value = show(fit["xywh"[at]]); });
    if (event.target === w && Number(w.value) > 0) h.value = show(Number(w.value) / shape());
    if (event.target === h && Number(h.value) > 0) w.value = show(Number(h.value) * shape());
  }, true);

  function takeSource() {
    const shown = $("#viewer");
    if (!box() || !shown) return;
    const { width, height, poster } = shown.dataset;
    const known = box().dataset;
    if (!width) { delete known.width; delete known.height; }
    else { known.width = width; known.height = height; }
    const picture = $("[data-canvas-picture]");
    if (poster && picture.getAttribute("href") !== poster) picture.setAttribute("href", poster);
    if (!poster) picture.removeAttribute("href");
    if (followShape() || keepShape()) tell();
    draw();
  }

  let watched = null;
  function start() {
    const stage = $("[data-canvas-stage]");
    if (!stage || stage === watched) return;
    watched = stage;
    new ResizeObserver(draw).observe(stage);
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    start();
    if (event.detail.target.id === "viewer") takeSource();
    else {
      if (event.detail.target.id === "pane-form" && box() && followShape()) tell();
      draw();
    }
  });
  form.addEventListener("rushes:sync", () => { start(); draw(); });
  form.addEventListener("rushes:changed", () => { if (!held) draw(); });
  start();
  draw();
  Object.assign(window.rushes.studio, { drawCanvas: draw });
})();

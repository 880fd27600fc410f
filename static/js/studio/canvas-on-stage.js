/* Reframe: the canvas is the stage. Where a clip is shown, the drawing of canvas.js lies over the stage's picture, and
   the clip plays inside of it, at its place on the new canvas. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const studio = window.rushes.studio;
  const { form, $, all, viewer } = studio;
  const board = () => $("[data-canvas-stage]");
  const live = () => $("[data-canvas-live]");
  const watched = new WeakSet();

  /* A form that came anew brings a drawing of its own; the one that lies on the stage is of the form before. */
  function lift() {
    const own = $("[data-canvas] [data-canvas-stage]");
    for (const one of all("[data-picture] > [data-canvas-stage]")) if (own || !$("[data-canvas]")) one.remove();
    const picture = $("[data-picture]");
    if (!own || !picture || !viewer().dataset.asset) return;
    picture.append(own);
    live().hidden = false;
    studio.drawCanvas();
  }

  /* The stage goes with its source: the drawing waits in the form meanwhile. */
  function lower() {
    const one = $("[data-picture] > [data-canvas-stage]");
    const place = $("[data-canvas-drawn]");
    if (!one || !place) return;
    live().hidden = true;
    place.prepend(one);
  }

  /* Only the source lies on the canvas, once that has a shape: a take has its own already. */
  function show() {
    const stage = studio.player();
    const one = $("[data-picture] > [data-canvas-stage]");
    const drawn = $("[data-canvas-drawn]");
    if (one && stage) one.hidden = Boolean(stage.lead.take) || !drawn || drawn.hidden;
  }

  function paint() {
    const stage = studio.player();
    const canvas = live();
    if (!stage || !canvas || canvas.hidden || !stage.pictures) return;
    const [shown] = stage.pictures();
    const box = canvas.getBoundingClientRect();
    if (!shown || !box.width) return;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(box.width * scale), Math.round(box.height * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    try {
      canvas.getContext("2d").drawImage(shown[1], 0, 0, width, height);
    } catch { /* nothing has come of it yet: the poster below is seen */ }
  }

  function watch() {
    const { video } = studio.player() || {};
    if (!video || watched.has(video) || !video.requestVideoFrameCallback) return;
    watched.add(video);
    const again = () => { paint(); video.requestVideoFrameCallback(again); };
    video.requestVideoFrameCallback(again);
  }

  form.addEventListener("rushes:drawn", (event) => {
    show();
    const canvas = live();
    if (!canvas || canvas.hidden || !event.detail) return;
    for (const [name, value] of Object.entries(event.detail)) canvas.style[name] = `${value}px`;
    paint();
  });
  form.addEventListener("rushes:frame", () => { watch(); paint(); });
  form.addEventListener("rushes:clip", show);
  form.addEventListener("click", (event) => { if (event.target.closest("[data-canvas-stage]")) event.stopPropagation(); }, true);
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target.id === "viewer") lower(); });
  document.addEventListener("htmx:oobBeforeSwap", (event) => { if (event.detail.target.id === "viewer") lower(); });
  document.addEventListener("htmx:afterSwap", () => { lift(); show(); watch(); });
  form.addEventListener("rushes:sync", lift);
  lift();
})();

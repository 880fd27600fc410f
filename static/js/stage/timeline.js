/* The time line: a filmstrip with a playhead, in step with the player that contains it. Markup: templates/stage/_timeline.html. */
(() => {
  "use strict";
  const started = new WeakSet();

  function make(box) {
    const strip = box.querySelector("[data-strip]");
    drawFilm(box);
    if (!strip) return;
    strip.addEventListener("input", (event) => {
      event.stopPropagation();
      box.dispatchEvent(new CustomEvent("rushes:seek", { detail: { frame: Number(strip.value) } }));
    });
    strip.addEventListener("change", (event) => event.stopPropagation());
    box.addEventListener("rushes:frame", (event) => { strip.value = event.detail.frame; });
  }

  /* The filmstrip comes as evenly spaced frames side by side. As many are drawn as fit undistorted, each at its time. */
  function drawFilm(box) {
    const canvas = box.querySelector("[data-film]");
    if (!canvas) return;
    const [width, height] = canvas.dataset.ratio.split("/").map(Number);
    const film = new Image();
    const draw = () => {
      const room = canvas.getBoundingClientRect();
      if (!room.width || !film.naturalWidth) return;
      const scale = window.devicePixelRatio || 1;
      canvas.width = Math.round(room.width * scale);
      canvas.height = Math.round(room.height * scale);
      const own = film.naturalHeight * (width / height);
      const columns = Math.max(1, Math.round(film.naturalWidth / own));
      const one = film.naturalWidth / columns;
      const count = Math.max(1, Math.min(columns, Math.round(room.width / (room.height * (width / height)))));
      const wide = canvas.width / count;
      const pen = canvas.getContext("2d");
      for (let at = 0; at < count; at += 1) {
        /* Cut to the tile's shape around the middle of the frame. */
        const ratio = wide / canvas.height;
        const cutWidth = Math.min(one, film.naturalHeight * ratio);
        const cutHeight = Math.min(film.naturalHeight, one / ratio);
        const column = Math.floor(((at + 0.5) / count) * columns);
        pen.drawImage(film, column * one + (one - cutWidth) / 2, (film.naturalHeight - cutHeight) / 2, cutWidth, cutHeight, at * wide, 0, wide - scale, canvas.height);
      }
    };
    film.addEventListener("load", draw);
    film.src = canvas.dataset.film;
    new ResizeObserver(draw).observe(canvas);
  }

  function start(root) {
    for (const box of root.querySelectorAll("[data-stage]")) {
      if (!started.has(box)) {
        started.add(box);
        make(box);
      }
    }
  }

  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
})();

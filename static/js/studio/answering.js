/* Answering: a studio that was opened from a note shows the note's frame. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { $ } = window.rushes.studio;
  const band = document.getElementById("answering");
  const box = $("[data-stage]");
  const stage = box && window.rushes.stage.of(box);
  if (band && band.dataset.frame && stage) stage.seek(Number(band.dataset.frame));
})();

/* Answering: a studio that was opened from a note shows the note's frame. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { $, set, recheck } = window.rushes.studio;
  const band = document.getElementById("answering");
  const box = $("[data-stage]");
  const stage = box && window.rushes.stage.of(box);
  if (band && band.dataset.frame && stage) stage.seek(Number(band.dataset.frame));

  /* What was queued answers the note; what is queued next does so only where that is chosen. Its place is kept: nothing
     moves under the hand. */
  document.addEventListener("rushes:queued", () => {
    const answered = $("#answering");
    const after = answered && $("[data-answered]", answered);
    if (!after || !after.hidden) return;
    answered.style.minHeight = `${answered.offsetHeight}px`;
    for (const one of answered.children) one.hidden = one !== after;
    set("answers", [""]);
    recheck();
  });
})();

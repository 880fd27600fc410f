/* A clip that waits for its copy for viewing is tried as it is: what this browser plays is played at once. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { $, viewer, player } = window.rushes.studio;
  const tried = new WeakSet();

  function begin() {
    const box = viewer();
    const address = box && box.dataset.original;
    if (!address || tried.has(box)) return;
    tried.add(box);
    const video = document.createElement("video");
    video.muted = true;
    video.preload = "metadata";
    video.addEventListener("loadeddata", () => { if (video.videoWidth) play(box, address); }, { once: true });
    video.src = address;
    video.load();
  }

  /* The copy is not waited for any more: what plays is not taken from under the hand. */
  function play(box, address) {
    const stage = player();
    if (!stage || viewer() !== box || stage.clips.length !== 1) return;
    const notice = $("#copying");
    if (notice) notice.remove();
    stage.show([{ ...stage.lead, playable: true, src: address }], { mode: "single", lead: 0 });
  }

  document.addEventListener("htmx:afterSwap", begin);
  document.addEventListener("htmx:oobAfterSwap", begin);
  begin();
})();

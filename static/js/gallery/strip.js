/* A batch as a strip: its results play beside each other, in step. The compare page does it to the frame; here the first
   one leads, and one that is more than a frame or two off is put right. */
(() => {
  "use strict";
  const CLOSE = 0.07; /* s */
  const EVERY = 200; /* ms */
  const PATIENCE = 8000; /* ms for clips that do not load: the others play without them */
  let playing = null;

  function video(picture) {
    const made = document.createElement("video");
    Object.assign(made, { src: picture.dataset.preview, muted: true, playsInline: true, preload: "auto", tabIndex: -1, hidden: true });
    made.setAttribute("aria-hidden", "true");
    /* The hovering pointer plays none of them meanwhile: see gallery.js. */
    picture.dataset.inStep = picture.dataset.preview;
    delete picture.dataset.preview;
    picture.querySelector("a").after(made);
    return made;
  }

  const isReady = (clip) => new Promise((done) => {
    for (const event of ["canplaythrough", "error"]) clip.addEventListener(event, done, { once: true });
    setTimeout(done, PATIENCE);
  });

  async function play(strip, button) {
    stop();
    document.dispatchEvent(new CustomEvent("rushes:in-step"));
    const clips = [...strip.querySelectorAll(".take-picture[data-preview]")].map(video);
    if (!clips.length) return;
    const mine = { clips, button, timer: 0 };
    playing = mine;
    button.setAttribute("aria-pressed", "true");
    await Promise.all(clips.map(isReady));
    if (playing !== mine) return;
    const lead = clips[0];
    const start = () => {
      for (const clip of clips) {
        clip.hidden = false;
        clip.currentTime = 0;
        clip.play().catch(() => {});
      }
    };
    lead.addEventListener("ended", start);
    mine.timer = setInterval(() => {
      for (const clip of clips.slice(1)) {
        const isOff = Math.abs(clip.currentTime - lead.currentTime) > CLOSE;
        if (isOff && !clip.ended && !lead.ended) clip.currentTime = lead.currentTime;
      }
    }, EVERY);
    start();
  }

  function stop() {
    if (!playing) return;
    clearInterval(playing.timer);
    for (const clip of playing.clips) {
      const picture = clip.parentElement;
      clip.pause();
      clip.removeAttribute("src");
      clip.load(); /* lets go of the download */
      clip.remove();
      if (!picture) continue;
      picture.dataset.preview = picture.dataset.inStep;
      delete picture.dataset.inStep;
    }
    playing.button.setAttribute("aria-pressed", "false");
    playing = null;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play-strip]");
    if (!button) return;
    if (playing && playing.button === button) stop();
    else play(button.closest("[data-batch-strip]"), button);
  });

  /* An opened strip gets the focus that the card's link had; a closed one gives it back. */
  document.addEventListener("htmx:afterSwap", (event) => {
    const swapped = event.detail.elt;
    if (!swapped.matches || !swapped.matches(".batch")) return;
    const goal = swapped.querySelector("[data-play-strip], [data-opens-batch], .batch-head a");
    if (goal) goal.focus({ preventScroll: true });
  });
})();

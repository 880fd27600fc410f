/* Posters that play: on hover and on focus where there is a pointer that hovers, on the play button everywhere.
   One clip plays at a time. Also the clocks of what runs, and the filters' tidy address. */
(() => {
  "use strict";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const hovers = matchMedia("(hover: hover)");
  let playing = null;

  function play(picture) {
    if (playing === picture) return;
    stop();
    const video = document.createElement("video");
    video.src = picture.dataset.preview;
    video.muted = true;
    video.loop = true;
    video.playsInline = true;
    video.tabIndex = -1;
    video.setAttribute("aria-hidden", "true");
    /* The poster stays until there is a frame to show. */
    video.hidden = true;
    video.addEventListener("playing", () => { video.hidden = false; }, { once: true });
    picture.querySelector("a").after(video);
    playing = picture;
    press(picture, true);
    video.play().catch(() => { if (playing === picture) stop(); });
  }

  function stop() {
    if (!playing) return;
    const video = playing.querySelector("video");
    if (video) {
      video.pause();
      video.removeAttribute("src");
      video.load(); /* lets go of the download */
      video.remove();
    }
    press(playing, false);
    playing = null;
  }

  function press(picture, on) {
    const button = picture.querySelector(".take-play");
    if (button) button.setAttribute("aria-pressed", String(on));
  }

  /* A strip that plays in step has the floor: see strip.js. */
  document.addEventListener("rushes:in-step", stop);

  const pictureOf = (event) => {
    const card = event.target.closest && event.target.closest(".take");
    return card && card.querySelector("[data-preview]");
  };
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || calm.matches || !hovers.matches) return;
    const picture = event.target.closest && event.target.closest("[data-preview]");
    if (picture) play(picture);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType !== "mouse" || !playing || playing.contains(event.relatedTarget)) return;
    if (playing.contains(event.target) && !playing.closest(".take").contains(document.activeElement)) stop();
  });
  document.addEventListener("focusin", (event) => {
    if (calm.matches || !event.target.matches(":focus-visible")) return;
    const picture = pictureOf(event);
    if (picture) play(picture);
    else stop();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".take-play");
    if (!button) return;
    const picture = button.closest("[data-preview]");
    if (playing === picture) stop();
    else play(picture);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });

  /* An empty filter stays out of the address bar. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("[data-filters]")) return;
    for (const [name, value] of Object.entries(event.detail.parameters)) {
      if (value === "") delete event.detail.parameters[name];
    }
  });
})();

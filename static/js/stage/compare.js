/* Compare a result with its source: the source's player follows the result's, to the frame; wipe, overlay and flicker
   lay it over the result's picture. Both clips start together: each with its own first frame, wherever its file puts
   that. Needs js/player.js. */
(() => {
  "use strict";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const WORDS = { wipe: "Wipe: source to the left", overlay: "Source shows through" };

  function start(box) {
    if (box.dataset.started) return;
    box.dataset.started = "yes";
    const lead = box.querySelector("[data-compare-result] video");
    const side = box.querySelector("[data-compare-source]");
    if (!lead || !side) return;
    const follower = side.querySelector("video");
    const stage = side.parentElement;
    const range = box.querySelector("[data-compare-range]");
    const slider = range.querySelector("input");
    const line = element("div", "compare-line");
    const tag = element("span", "compare-tag");
    stage.append(line, tag);
    const laid = side.dataset.place ? side.dataset.place.split(" ").map(Number) : [];
    let flicking = 0;
    let held = null; /* the frame on which the source was stopped */
    const following = window.rushesPlayer.clock(follower, follower.dataset.times);

    const mode = () => box.dataset.mode;
    const layered = () => ["wipe", "overlay", "flicker"].includes(mode());
    follower.controls = false;

    const leading = () => window.rushesPlayer.of(lead.closest("[data-player]"));

    function follow() {
      const player = leading();
      if (mode() === "result" || !player || !player.clock.starts || !following.starts) return;
      follower.playbackRate = lead.playbackRate;
      if (lead.paused) {
        follower.pause();
        /* Times are rounded, to a thousandth of a second in some files. */
        const frame = following.at(player.clock.starts[player.frame] + 0.001);
        if (frame !== held) following.go(frame);
        held = frame;
        return;
      }
      held = null;
      const since = Math.max(0, lead.currentTime - player.clock.begins);
      const wanted = following.begins + Math.min(since, following.starts[following.starts.length - 1] - 0.001);
      /* While playing, small drift is left alone: every seek shows as a stutter. */
      if (Math.abs(follower.currentTime - wanted) > 0.06) follower.currentTime = wanted;
      if (follower.paused) follower.play().catch(() => {});
    }
    following.ready.then(follow);
    for (const name of ["rushes:frame", "rushes:times"]) box.addEventListener(name, follow);
    for (const name of ["play", "pause", "seeking", "seeked", "ratechange", "timeupdate"]) lead.addEventListener(name, follow);

    /* A reframe's source is laid over the part of the picture that shows it; any other over all of the result's box. */
    function picture() {
      const box = lead.getBoundingClientRect();
      if (!laid.length || !lead.videoWidth) return box;
      const scale = Math.min(box.width / lead.videoWidth, box.height / lead.videoHeight);
      const [width, height] = [lead.videoWidth * scale, lead.videoHeight * scale];
      return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
    }

    function place() {
      const on = layered();
      box.classList.toggle("compare-layered", on);
      line.hidden = mode() !== "wipe";
      tag.hidden = !on;
      if (!on) {
        side.removeAttribute("style");
        follower.removeAttribute("style");
        return;
      }
      const over = picture();
      const ground = stage.getBoundingClientRect();
      const at = { left: over.left - ground.left, top: over.top - ground.top, width: over.width, height: over.height };
      laid.forEach((value, index) => { follower.style[["left", "top", "width", "height"][index]] = `${value * 100}%`; });
      for (const [name, value] of Object.entries(at)) side.style[name] = `${value}px`;
      line.style.left = `${at.left + (at.width * slider.value) / 100}px`;
      line.style.top = `${at.top}px`;
      line.style.height = `${at.height}px`;
      tag.style.left = `${at.left + 8}px`;
      tag.style.top = `${at.top + 8}px`;
      side.style.setProperty("--at", `${slider.value}%`);
      tag.textContent = mode() === "overlay" ? `Source ${Math.round(slider.value)} %` : "Source";
    }

    function flick() {
      const shown = mode() !== "flicker" || Math.floor(performance.now() / 500) % 2 === 0;
      side.style.visibility = shown ? "" : "hidden";
      if (mode() === "flicker") tag.textContent = shown ? "Source" : "Result";
    }

    function choose(name) {
      box.dataset.mode = name;
      range.hidden = !(name in WORDS);
      box.querySelector("[data-compare-label]").textContent = WORDS[name] || "";
      clearInterval(flicking);
      place();
      flick();
      /* Twice a second, below what may trigger a seizure; with reduced motion it changes on the F key only. */
      if (name === "flicker" && !calm.matches) flicking = setInterval(flick, 100);
      held = null;
      if (name === "result") follower.pause();
      else follow();
    }

    box.addEventListener("change", (event) => {
      if (event.target.name === "compare") choose(event.target.value);
    });
    slider.addEventListener("input", place);
    new ResizeObserver(place).observe(lead);
    new ResizeObserver(place).observe(stage);
    lead.addEventListener("loadedmetadata", place);
    follower.addEventListener("loadedmetadata", follow);

    line.addEventListener("pointerdown", (event) => {
      line.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    line.addEventListener("pointermove", (event) => {
      if (!line.hasPointerCapture(event.pointerId)) return;
      const over = picture();
      slider.value = (100 * (event.clientX - over.left)) / over.width;
      place();
    });
    document.addEventListener("keydown", (event) => {
      if (!box.isConnected || mode() !== "flicker" || event.key.toLowerCase() !== "f" || event.target.matches("input[type=text], textarea")) return;
      side.style.visibility = side.style.visibility ? "" : "hidden";
      tag.textContent = side.style.visibility ? "Result" : "Source";
    });
    choose("result");
  }

  function element(name, className) {
    const made = document.createElement(name);
    made.className = className;
    made.hidden = true;
    return made;
  }

  const all = () => document.querySelectorAll("[data-compare]").forEach(start);
  all();
  document.addEventListener("htmx:load", all);
})();

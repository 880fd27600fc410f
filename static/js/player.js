/* The player: a clip with a frame counter that steps exactly. Markup: templates/_player.html.

   Drives every [data-player]. Tells of each frame with a "rushes:frame" event {frame}; obeys "rushes:seek" {frame}.
   Other scripts: window.rushesPlayer.of(element) -> {frame, frames, seek(n), step(d), toggle(), video}. */
(() => {
  "use strict";
  const players = new WeakMap();

  function make(box) {
    const video = box.querySelector("video");
    const still = box.querySelector(".player-still");
    const strip = box.querySelector("[data-strip]");
    const [over, under] = box.dataset.fps.split("/").map(Number);
    const fps = over && under ? over / under : 24;
    const frames = Number(box.dataset.frames);
    const counter = box.querySelector("[data-frame]");
    const time = box.querySelector("[data-time]");
    const player = { frame: 0, frames, fps, video, seek, step, toggle };
    let stillTimer = 0;

    const clamp = (n) => Math.max(0, Math.min(frames - 1, Math.round(n)));

    function show(frame) {
      player.frame = clamp(frame);
      counter.textContent = player.frame;
      if (time) time.textContent = `${(player.frame / fps).toFixed(2)} s`;
      if (strip) strip.value = player.frame;
      box.dispatchEvent(new CustomEvent("rushes:frame", { bubbles: true, detail: { frame: player.frame } }));
    }

    /* To the middle of the frame: its edges belong to two frames. */
    function seek(frame) {
      const wanted = clamp(frame);
      if (video) {
        video.pause();
        video.currentTime = (wanted + 0.5) / fps;
      } else if (still) {
        /* What a browser cannot play is stepped by stills from the server. */
        clearTimeout(stillTimer);
        stillTimer = setTimeout(() => { still.src = stillAddress(wanted); }, 120);
      }
      show(wanted);
    }

    const stillAddress = (frame) => box.dataset.still.replace(/frames\/0\./, `frames/${frame}.`);

    function step(by) { seek(player.frame + by); }

    function toggle() {
      if (!video) return;
      if (video.paused) video.play().catch(() => {});
      else seek(player.frame);
    }

    drawFilm(box);
    if (video) {
      video.removeAttribute("controls");
      const watch = (_now, data) => {
        if (!video.seeking && !video.paused) show(Math.floor(data.mediaTime * fps + 0.5));
        video.requestVideoFrameCallback(watch);
      };
      if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) video.requestVideoFrameCallback(watch);
      else video.addEventListener("timeupdate", () => { if (!video.paused) show(Math.floor(video.currentTime * fps)); });
      const playing = () => {
        box.classList.toggle("is-playing", !video.paused);
        box.querySelector("[data-play-word]").textContent = video.paused ? "Play" : "Pause";
      };
      video.addEventListener("play", playing);
      video.addEventListener("pause", playing);
      video.addEventListener("click", toggle);
      box.querySelector("[data-play]").addEventListener("click", toggle);
      box.querySelector("[data-speed]").addEventListener("change", (event) => { video.playbackRate = Number(event.target.value); });
      box.querySelector("[data-loop]").addEventListener("click", (event) => {
        video.loop = !video.loop;
        event.currentTarget.setAttribute("aria-pressed", String(video.loop));
      });
      const mute = box.querySelector("[data-mute]");
      if (mute) mute.addEventListener("click", () => {
        video.muted = !video.muted;
        box.classList.toggle("is-muted", video.muted);
        mute.setAttribute("aria-pressed", String(video.muted));
      });
    }
    for (const button of box.querySelectorAll("[data-step]")) {
      button.addEventListener("click", (event) => step(Number(button.dataset.step) * (event.shiftKey ? 10 : 1)));
    }
    if (strip) {
      strip.addEventListener("input", (event) => { event.stopPropagation(); seek(Number(strip.value)); });
      strip.addEventListener("change", (event) => event.stopPropagation());
    }
    box.addEventListener("rushes:seek", (event) => seek(event.detail.frame));
    players.set(box, player);
    show(0);
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
    for (const box of root.querySelectorAll("[data-player]")) if (!players.has(box)) make(box);
  }

  /* Keys work wherever nothing else wants them. On the strip itself the browser's own keys do the single steps. */
  function wanted(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return null;
    const at = event.target;
    const isStrip = at.matches("[data-strip]");
    if (at.isContentEditable || at.closest("dialog[open]")) return null;
    if (at.matches("input, textarea, select") && !isStrip) return null;
    if (event.key === " " && at.matches("button, a, summary, label")) return null;
    const box = at.closest("[data-player]") || document.querySelector("[data-player]");
    return box ? players.get(box) : null;
  }

  document.addEventListener("keydown", (event) => {
    const keys = { ArrowLeft: -1, ArrowRight: 1 };
    if (!(event.key in keys) && event.key !== " " && event.key.toLowerCase() !== "m") return;
    const player = wanted(event);
    if (!player) return;
    event.preventDefault();
    if (event.key === " ") player.toggle();
    else if (event.key in keys) player.step(keys[event.key] * (event.shiftKey ? 10 : 1));
    else {
      const mute = document.querySelector("[data-player] [data-mute]");
      if (mute) mute.click();
    }
  });

  window.rushesPlayer = { of: (box) => players.get(box), start };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
})();

/* The player: a clip with a frame counter that steps exactly. Markup: templates/stage/_stage.html.

   Drives every [data-player]. Tells of each frame with a "rushes:frame" event {frame}; obeys "rushes:seek" {frame}; says
   with "rushes:times" that the frames' times are known.
   Other scripts: window.rushesPlayer.of(element) -> {frame, frames, seek(n), step(d), toggle(), seconds(first, last),
   video, clock}; window.rushesPlayer.clock(video, address) -> the clock alone, of a clip without a counter. */
(() => {
  "use strict";
  const players = new WeakMap();

  /* When each frame of a clip is shown, by the server's index of its frames (media/times.py): starts[n] seconds after
     the first one, starts[frames] when the last one goes; null while it is not known. Nothing is reckoned by a rate:
     clips begin late, and last unevenly. */
  function makeClock(video, address) {
    const clock = { starts: null, begins: 0, ready: null, nearest, at, go };
    let first = null; /* where the browser itself says that the first frame is */
    let wanted = null;

    async function read() {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`The frames' times did not come: ${answer.status}`);
      const told = await answer.json();
      const [over, under] = told.base;
      const starts = [0];
      let sum = 0;
      for (const [units, frames] of told.lasts) {
        for (let n = 0; n < frames; n += 1) {
          sum += units;
          starts.push((sum * over) / under);
        }
      }
      clock.starts = starts;
      if (first === null) clock.begins = (told.first * over) / under;
      if (wanted !== null) go(wanted);
    }

    /* The last frame that is there some seconds after the first one came. */
    function at(seconds) {
      let low = 0;
      let high = clock.starts.length - 2;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (clock.starts[middle] <= seconds) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    /* The frame that the browser shows, by the time that it says of it: that time is rounded. */
    function nearest(mediaTime) {
      const seconds = mediaTime - clock.begins;
      const frame = at(seconds);
      const isNext = frame + 2 < clock.starts.length && clock.starts[frame + 1] - seconds < seconds - clock.starts[frame];
      return isNext ? frame + 1 : frame;
    }

    /* To the middle of a frame: its edges belong to two. Before the times are there it waits for them. */
    function go(frame) {
      wanted = frame;
      if (clock.starts) video.currentTime = clock.begins + (clock.starts[frame] + clock.starts[frame + 1]) / 2;
      else if (clock.ready === null) load();
    }

    /* What begins late is put at 0 by some browsers and left where it is by others: the first picture tells. */
    function listen(_now, data) {
      if (wanted !== null || !video.paused || video.currentTime > 0 || data.presentedFrames !== 1) return;
      first = data.mediaTime;
      clock.begins = first;
    }
    if (video && "requestVideoFrameCallback" in video) video.requestVideoFrameCallback(listen);

    /* The poster is of a livelier frame than the first, and stays until something plays: the counter is not of it. */
    const unveil = () => video.removeAttribute("poster");
    if (video && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) unveil();
    else if (video) video.addEventListener("loadeddata", unveil, { once: true });

    function load() {
      clock.ready = read().then(() => true, () => { clock.ready = null; return false; });
    }
    load();
    return clock;
  }

  function make(box) {
    const video = box.querySelector("video");
    const still = box.querySelector(".player-still");
    const frames = Number(box.dataset.frames);
    const counter = box.querySelector("[data-frame]");
    const time = box.querySelector("[data-time]");
    const clock = makeClock(video, box.dataset.times);
    const player = { frame: 0, frames, video, clock, seek, step, toggle, seconds };
    let stillTimer = 0;

    const clamp = (n) => Math.max(0, Math.min(frames - 1, Math.round(n)));

    function show(frame) {
      player.frame = clamp(frame);
      counter.textContent = player.frame;
      if (time && clock.starts) time.textContent = `${clock.starts[player.frame].toFixed(2)} s`;
      box.dispatchEvent(new CustomEvent("rushes:frame", { bubbles: true, detail: { frame: player.frame } }));
    }

    /* How long some frames, both included, are shown. */
    function seconds(from, to) {
      const known = clock.starts && from >= 0 && from <= to && to < frames;
      return known ? clock.starts[to + 1] - clock.starts[from] : null;
    }

    function seek(frame) {
      const wanted = clamp(frame);
      if (video) {
        video.pause();
        clock.go(wanted);
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

    if (video) {
      video.removeAttribute("controls");
      const watch = (_now, data) => {
        if (!video.seeking && clock.starts) show(clock.nearest(data.mediaTime));
        video.requestVideoFrameCallback(watch);
      };
      if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) video.requestVideoFrameCallback(watch);
      else video.addEventListener("timeupdate", () => { if (!video.paused && clock.starts) show(clock.at(video.currentTime - clock.begins)); });
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
    box.addEventListener("rushes:seek", (event) => seek(event.detail.frame));
    players.set(box, player);
    show(0);
    clock.ready.then((is) => {
      if (!is) return;
      show(player.frame);
      box.dispatchEvent(new CustomEvent("rushes:times", { bubbles: true }));
    });
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

  window.rushesPlayer = { of: (box) => players.get(box), clock: makeClock, start };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
})();

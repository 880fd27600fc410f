/* A layer of the stage: one clip with its picture, its clock, and what is painted over it while that is not the one that
   is wanted. window.rushes.layer(clip, box or null) -> the layer; the stage (monitor.js) puts it where it belongs. */
(() => {
  "use strict";
  const SOUGHT_WITHIN_MS = 10000;
  const DRAWN_WITHIN_MS = 150;

  const within = (ms, made) => Promise.race([new Promise(made), new Promise((done) => setTimeout(done, ms))]);

  function element(name, className, parent) {
    const made = document.createElement(name);
    made.className = className;
    if (parent) parent.append(made);
    return made;
  }

  /* What the server writes for a clip (templates/stage/_layer.html), for one that came later. */
  function markup(clip) {
    const box = element("div", "stage-layer");
    box.dataset.layer = "";
    const frame = element("div", "stage-frame", box);
    const picture = element(clip.playable ? "video" : "img", clip.playable ? "" : "stage-still", frame);
    picture.width = clip.width;
    picture.height = clip.height;
    if (clip.playable) {
      picture.playsInline = true;
      picture.preload = "auto";
      picture.poster = clip.poster;
      picture.setAttribute("aria-label", named(clip));
      picture.src = clip.src;
    } else {
      picture.alt = `First frame of ${clip.name}`;
      picture.src = clip.still;
    }
    const marks = element("p", "stage-marks", box);
    element("span", "stage-name", marks).textContent = named(clip);
    if (clip.simulated) element("span", "simulated", marks).textContent = "Simulated";
    if (clip.hdr) element("span", "badge badge-plain", marks).textContent = "SDR view of HDR";
    return box;
  }

  const named = (clip) => clip.label;

  function makeLayer(clip, box = markup(clip)) {
    const frame = box.querySelector(".stage-frame");
    const video = frame.querySelector("video");
    const still = frame.querySelector(".stage-still");
    const cover = element("canvas", "stage-cover", frame);
    const marks = box.querySelector(".stage-marks");
    const ended = element("span", "badge badge-plain", marks);
    ended.textContent = "Ended";
    ended.hidden = true;
    cover.hidden = true;
    cover.setAttribute("aria-hidden", "true");
    const clock = window.rushes.clock(video, clip.times);
    const layer = { clip, box, frame, video, still, cover, clock, at: null, isBusy: null, go, rough, uncover, end, wake, shown, show, sized };
    let wanted = null;
    let holds = false; /* the cover stays until whoever asked takes it away */
    let film = null;
    let stillTimer = 0;

    if (video) {
      video.controls = false;
      video.removeAttribute("controls");
      video.tabIndex = -1;
      video.addEventListener("play", () => { layer.at = null; });
      /* The poster is of a livelier frame than the first, and stays until something plays: the counter is not of it. */
      const unveil = () => video.removeAttribute("poster");
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) unveil();
      else video.addEventListener("loadeddata", unveil, { once: true });
    }

    function wake() {
      if (video && video.preload !== "auto") video.preload = "auto";
      clock.load();
    }

    /* To a frame, exactly: one seek at a time, then the newest that was asked for. Resolves when that is on screen. */
    function go(goal, { keepsCover = false } = {}) {
      wanted = Math.max(0, Math.min(clip.frames - 1, goal));
      holds = keepsCover;
      if (!layer.isBusy) layer.isBusy = chase().finally(() => { layer.isBusy = null; });
      return layer.isBusy;
    }

    async function chase() {
      while (wanted !== layer.at) {
        if (!clock.starts && !(await clock.load())) return;
        const goal = wanted;
        if (video) await seekTo(goal);
        else await stillOf(goal);
        layer.at = goal;
        if (!holds && isNearer(goal)) uncover();
      }
      if (!holds) uncover();
    }

    async function seekTo(goal) {
      const sought = within(SOUGHT_WITHIN_MS, (done) => {
        video.addEventListener("seeked", done, { once: true });
        video.addEventListener("error", done, { once: true });
      });
      const drawn = new Promise((done) => {
        if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
        else video.addEventListener("seeked", done, { once: true });
      });
      video.currentTime = clock.middle(goal);
      await sought;
      await within(DRAWN_WITHIN_MS, (done) => drawn.then(done));
    }

    /* What a browser cannot play is stepped by stills from the server. */
    function stillOf(goal) {
      clearTimeout(stillTimer);
      return within(SOUGHT_WITHIN_MS, (done) => {
        still.addEventListener("load", done, { once: true });
        still.addEventListener("error", done, { once: true });
        stillTimer = setTimeout(() => { still.src = clip.still.replace(/frames\/0\./, `frames/${goal}.`); }, 60);
      });
    }

    /* The strip's own frame over the picture, until the exact one is there. */
    function rough(goal) {
      film = film || window.rushes.film(clip);
      if (isNearer(layer.at)) uncover();
      if (!film.columns || !layer.isBusy || isNearer(layer.at)) return;
      const column = film.columnOf(goal);
      if (!cover.hidden && cover.dataset.column === String(column)) return;
      const pen = sized(cover, 1);
      film.paint(pen, column, cover.width, cover.height);
      cover.dataset.column = column;
      cover.hidden = false;
    }

    /* Is the picture that is there nearer to what is wanted than the strip's? */
    function isNearer(there) {
      if (there === null || wanted === null || !film || !film.columns) return false;
      const far = Math.abs(film.frameOf(film.columnOf(wanted)) - wanted);
      return Math.abs(there - wanted) <= far;
    }

    /* A canvas of as many pixels as the picture has on screen, and no more than the clip has. */
    function sized(canvas, sharpness = window.devicePixelRatio || 1) {
      const room = (video || still).getBoundingClientRect();
      const own = [clip.width || 16, clip.height || 9];
      const scale = Math.min(1, sharpness * Math.min(room.width / own[0], room.height / own[1]));
      const [width, height] = own.map((side) => Math.max(2, Math.round(side * scale)));
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      return canvas.getContext("2d");
    }

    function show(picture) {
      const pen = sized(cover);
      pen.drawImage(picture, 0, 0, cover.width, cover.height);
      delete cover.dataset.column;
      cover.hidden = false;
    }

    function uncover() {
      cover.hidden = true;
      delete cover.dataset.column;
    }

    function end(is) {
      ended.hidden = !is;
    }

    /* What a person sees of this clip: an element that can be drawn. */
    function shown() {
      return cover.hidden ? video || still : cover;
    }
    return layer;
  }

  window.rushes.layer = makeLayer;
  window.rushes.layer.named = named;
})();

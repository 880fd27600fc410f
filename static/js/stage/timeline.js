/* The time line below a stage: ruler, strip, pins, range and curve of its lead clip, in step with it, zoomed from the whole
   clip down to single frames. Markup: templates/stage/_timeline.html.

   A line outside of a stage shows the clip of its own data-clip, which has no picture: a generation's, yet to be made.
   The parts are the other files of this name; each is a maker (line) -> {draw(), frame(), clip(), snaps()}, all optional.
   Others: window.rushes.timeline.of(element) -> the line in it or around it. */
(() => {
  "use strict";
  const PAD = 16; /* px on either side, where the handles of a whole clip stand */
  const CELL = 96; /* px of one frame at the closest */
  const MAGNET = 6; /* px */
  const lines = new WeakMap();
  const makers = [];
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

  const two = (value) => String(Math.floor(value)).padStart(2, "0");

  /* What stands in for a stage where there is no picture yet. */
  function pictureless(box) {
    const host = { clip: JSON.parse(box.dataset.clip), frame: 0, range: null };
    host.seek = (frame) => {
      host.frame = frame;
      box.dispatchEvent(new CustomEvent("rushes:frame", { detail: { frame } }));
    };
    return host;
  }

  function leadOf(host) {
    if (host.clip) return host.clip;
    return typeof host.lead === "number" ? host.clips[host.lead] : host.lead;
  }

  class Line {
    constructor(box, host, speaker) {
      Object.assign(this, { box, host, speaker, first: 0, span: 1, width: 0, held: false });
      this.view = box.querySelector("[data-timeline-view]");
      this.input = box.querySelector("[data-strip]");
      this.head = box.querySelector("[data-playhead]");
      this.parts = makers.map((make) => make(this)).filter(Boolean);
      this.takeClip();
      for (const [name, hear] of Object.entries({
        "rushes:frame": () => this.follow(),
        "rushes:times": () => this.draw(),
        "rushes:clip": () => this.takeClip(),
      })) speaker.addEventListener(name, hear);
      this.input.addEventListener("input", (event) => { event.stopPropagation(); this.seek(Number(this.input.value)); });
      this.input.addEventListener("change", (event) => event.stopPropagation());
      new ResizeObserver(() => this.measure()).observe(this.view);
    }

    get frame() { return this.host.frame; }
    get frames() { return Math.max(1, this.clip.frames || 1); }
    get last() { return this.frames - 1; }
    get fps() { return this.clip.fps ? this.clip.fps[0] / this.clip.fps[1] : 25; }
    get inner() { return Math.max(1, this.width - 2 * PAD); }
    get pixels() { return this.inner / this.span; } /* px of a frame */
    get least() { return Math.min(this.frames, Math.max(3, this.inner / CELL)); }
    get canZoom() { return this.least < this.frames; }
    get isWhole() { return this.span >= this.frames - 0.001; }

    /* Where a frame begins, in px from the view's left; `middle`, where its middle is. */
    xOf(frame) { return PAD + (frame - this.first) * this.pixels; }
    middle(frame) { return this.xOf(frame + 0.5); }
    placeAt(clientX) {
      return this.first + (clientX - this.view.getBoundingClientRect().left - PAD) / this.pixels;
    }
    frameAt(clientX) { return clamp(Math.floor(this.placeAt(clientX)), 0, this.last); }
    isInView(frame) { return frame + 1 > this.first - 0.001 && frame < this.first + this.span + 0.001; }

    /* When a frame is shown, in seconds; of a clip whose frames last unevenly, by its clock. */
    seconds(frame) {
      const { starts } = this.host.clock || {};
      return starts && frame < starts.length ? starts[frame] : frame / this.fps;
    }

    code(frame) { return window.rushes.timecode(this.clip, frame, this.seconds(frame)); }

    /* The same in short, for the ruler: 0:03, 0:03:18; 0:03.7 of a clip that lasts unevenly. */
    brief(frame) {
      const rate = Math.max(1, Math.round(this.fps));
      const isEven = !this.clip.varies;
      const whole = isEven ? Math.floor(frame / rate) : Math.floor(this.seconds(frame));
      const hand = `${Math.floor(whole / 60)}:${two(whole % 60)}`;
      if (!isEven) return `${hand}.${Math.floor((this.seconds(frame) % 1) * 10)}`;
      return frame % rate ? `${hand}:${two(frame % rate)}` : hand;
    }

    takeClip() {
      const before = this.clip;
      this.clip = leadOf(this.host) || this.clip || { frames: 1 };
      const isSame = before && before.frames === this.clip.frames;
      if (!isSame) Object.assign(this, { first: 0, span: this.frames });
      this.input.max = this.last;
      for (const part of this.parts) if (part.clip) part.clip();
      this.follow();
      this.draw();
    }

    /* Another length of a clip that is yet to be made. */
    setClip(clip) {
      this.host.clip = { ...this.host.clip, ...clip };
      this.takeClip();
    }

    measure() {
      const wide = this.view.clientWidth;
      if (wide === this.width) return;
      this.width = wide;
      this.show(this.first, this.isWhole ? this.frames : this.span);
      this.draw();
    }

    show(first, span = this.span) {
      const wanted = clamp(span, this.least, this.frames);
      const from = clamp(first, 0, this.frames - wanted);
      if (from === this.first && wanted === this.span) return;
      this.first = from;
      this.span = wanted;
      this.draw();
    }

    /* How near, from 0 (the whole clip) to 1 (single frames). */
    get zoom() { return this.canZoom ? Math.log(this.frames / this.span) / Math.log(this.frames / this.least) : 0; }

    /* Zoom so that a place, in frames, stays where it is in the view. */
    zoomTo(zoom, about = this.about()) {
      if (!this.canZoom) return;
      const span = this.frames * (this.least / this.frames) ** clamp(zoom, 0, 1);
      const share = (about - this.first) / this.span;
      this.show(about - share * span, span);
    }

    about() { return this.isInView(this.frame) ? this.frame + 0.5 : this.first + this.span / 2; }

    reveal(frame) {
      if (this.held || (frame >= this.first - 0.001 && frame + 1 <= this.first + this.span + 0.001)) return;
      const isNext = frame >= this.first + this.span - 1 && frame < this.first + this.span + 1;
      const back = isNext ? 0.1 : 0.5;
      this.show(frame - this.span * back);
    }

    /* While something is dragged past an edge, the view goes along. */
    pull(clientX) {
      const room = this.view.getBoundingClientRect();
      const past = clientX < room.left + PAD ? clientX - room.left - PAD : Math.max(0, clientX - room.right + PAD);
      if (past && !this.isWhole) this.show(this.first + (past / this.inner) * this.span * 0.25);
      return Boolean(past) && !this.isWhole;
    }

    seek(frame) { this.host.seek(clamp(Math.round(frame), 0, this.last)); }
    scrub(frame) { (this.host.scrub || this.host.seek).call(this.host, clamp(Math.round(frame), 0, this.last)); }

    /* The frame near which a dragged thing stops: the playhead, in and out, pins, the ruler's long ticks. */
    snap(frame, { without = [] } = {}) {
      if (this.pixels > MAGNET * 2) return frame;
      const reach = MAGNET / this.pixels;
      const near = this.parts.flatMap((part) => (part.snaps ? part.snaps(frame, reach) : []))
        .filter((one) => !without.includes(one) && Math.abs(one - frame) <= reach);
      return near.sort((one, other) => Math.abs(one - frame) - Math.abs(other - frame))[0] ?? frame;
    }

    follow() {
      this.reveal(this.frame);
      this.input.value = this.frame;
      this.input.setAttribute("aria-valuetext", `Frame ${this.frame} of ${this.frames}, ${this.code(this.frame)}`);
      this.placeHead();
      for (const part of this.parts) if (part.frame) part.frame();
    }

    placeHead() {
      this.head.style.transform = `translateX(${this.middle(this.frame)}px)`;
      this.head.style.setProperty("--cell", `${this.pixels}px`);
      this.head.hidden = !this.isInView(this.frame);
    }

    draw() {
      if (this.waiting) return;
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        if (!this.width) return;
        this.placeHead();
        for (const part of this.parts) if (part.draw) part.draw();
      });
    }

    /* One line about what was just done, with a way back. Its place is kept: nothing moves when it comes. */
    say(text, undo = null) {
      const place = this.box.querySelector("[data-timeline-says]");
      if (!place) return;
      place.textContent = text;
      place.title = text;
      const button = this.box.querySelector("[data-timeline-undo]");
      button.hidden = !undo;
      button.onclick = undo;
    }
  }

  /* A canvas of this size in CSS pixels, cleared, as sharp as the screen. */
  function pen(canvas) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  }

  function make(box) {
    const stage = box.closest("[data-stage]");
    const host = stage ? window.rushes.stage.of(stage) : pictureless(box);
    if (host) lines.set(box, new Line(box, host, stage || box));
  }

  function start(root) {
    for (const box of root.querySelectorAll("[data-timeline]")) if (!lines.has(box)) make(box);
  }

  function of(element) {
    const box = element && (element.closest("[data-timeline]") || element.querySelector("[data-timeline]"));
    if (box && !lines.has(box)) make(box);
    return box ? lines.get(box) : undefined;
  }

  /* The ink is the page's: another theme is another drawing. */
  function redraw() {
    for (const box of document.querySelectorAll("[data-timeline]")) if (lines.has(box)) lines.get(box).draw();
  }
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  window.rushes.timeline = { of, start, part: (maker) => makers.push(maker), pen, clamp };
  queueMicrotask(() => start(document)); /* when the parts are there */
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
})();

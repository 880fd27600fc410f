/* The lane of a time line: pins with pictures, dragged, moved by keys and taken away, and what is dropped between them.

   What is pinned, and what may be, is known by who shows it: line.pins.show(marks, acts).
   marks: [{key, frame, picture, name, fixed}]; acts: {nearest(frame, key) -> the nearest frame that is free, moving(key,
   frame) while dragged, moved(key, {asked, by}), removed(key), plan(frame, count) -> frames, dropped(what, frame)}. */
(() => {
  "use strict";
  const { part, drag, clamp, paced } = window.rushes.timeline;
  const WIDE = 56; /* px of a whole pin */
  const NARROW = 14;
  const PICTURE = "application/x-rushes-picture"; /* one of our own, dragged from a reel: {id, poster_url} */

  function makePin() {
    const pin = Object.assign(document.createElement("button"), { type: "button", className: "pin" });
    const picture = Object.assign(document.createElement("img"), { alt: "", draggable: false });
    const frame = Object.assign(document.createElement("span"), { className: "pin-frame number" });
    frame.setAttribute("aria-hidden", "true");
    pin.append(picture, frame);
    return pin;
  }

  class Lane {
    constructor(line, box) {
      Object.assign(this, { line, box, marks: [], acts: null, held: null });
      this.elements = new Map();
      this.ghosts = [];
      this.coming = [];
      this.markOf = new WeakMap();
    }

    show(marks, acts) {
      const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset.at : null;
      this.marks = marks;
      this.acts = acts;
      const keys = new Set(marks.map((mark) => mark.key));
      for (const [key, pin] of this.elements) {
        if (!keys.has(key)) { pin.remove(); this.elements.delete(key); }
      }
      for (const mark of marks) this.dress(mark);
      this.box.classList.toggle("is-open", Boolean(acts.plan));
      this.inOrder();
      this.place();
      const again = focused !== null && document.activeElement === document.body && this.box.querySelector(`.pin[data-at="${focused}"]`);
      if (again) again.focus({ preventScroll: true });
    }

    /* Tab goes from left to right; what has the focus keeps it. */
    inOrder() {
      const focused = document.activeElement;
      const ordered = [...this.marks].sort((one, other) => one.frame - other.frame).map((mark) => this.elements.get(mark.key));
      const pins = [...this.box.querySelectorAll(".pin")];
      if (ordered.length === pins.length && ordered.every((pin, at) => pin === pins[at])) return;
      this.box.prepend(...ordered);
      if (ordered.includes(focused)) focused.focus({ preventScroll: true });
    }

    dress(mark) {
      let pin = this.elements.get(mark.key);
      if (!pin) {
        pin = makePin();
        this.elements.set(mark.key, pin);
        this.box.append(pin);
        this.bind(pin);
      }
      this.markOf.set(pin, mark);
      const [picture, number] = pin.children;
      if (mark.picture && picture.getAttribute("src") !== mark.picture) picture.src = mark.picture;
      const isOut = mark.frame > this.line.last;
      const where = `frame ${mark.frame}, ${this.line.code(mark.frame)}${isOut ? ", beyond the end" : ""}`;
      pin.dataset.at = mark.frame;
      pin.classList.toggle("is-out", isOut);
      pin.classList.toggle("is-fixed", Boolean(mark.fixed));
      pin.classList.toggle("is-here", mark.frame === this.line.frame);
      pin.setAttribute("aria-label", `${mark.name} at ${where}${mark.fixed ? "" : ". Arrow keys move it, Delete takes it away."}`);
      pin.title = mark.fixed ? `${mark.name}, frame ${mark.frame}` : `Frame ${mark.frame}${isOut ? ", beyond the end" : ""}: drag to move`;
      number.textContent = mark.frame;
    }

    /* Each as wide as its neighbours leave it; those beyond the end wait at the right edge, one over the other. */
    place() {
      const { line } = this;
      const shown = this.marks.map((mark) => ({ mark, x: line.middle(mark.frame) })).sort((one, other) => one.x - other.x);
      const out = shown.filter(({ mark }) => mark.frame > line.last);
      out.forEach((one, at) => { one.x = line.width - WIDE / 2 - 2 - (out.length - 1 - at) * NARROW; });
      shown.forEach((one, at) => {
        const before = at ? one.x - shown[at - 1].x : Infinity;
        const after = at < shown.length - 1 ? shown[at + 1].x - one.x : Infinity;
        this.put(this.elements.get(one.mark.key), one.x, clamp(Math.min(before, after) - 2, NARROW, WIDE));
      });
      for (const ghost of [...this.ghosts, ...this.coming]) this.put(ghost, line.middle(Number(ghost.dataset.at)));
    }

    put(element, x, wide = WIDE) {
      const half = WIDE / 2 + 1;
      const isInSight = x > -half && x < this.line.width + half;
      const shift = isInSight && wide === WIDE ? Math.max(0, half - x) - Math.max(0, x - (this.line.width - half)) : 0;
      const style = { "--x": x, "--wide": wide, "--shift": shift };
      for (const [name, value] of Object.entries(style)) element.style.setProperty(name, `${value}px`);
    }

    /* Where something would come to stand; and where something that is on its way will. */
    ghost(frames) { this.outline(this.ghosts, frames, "pin-ghost"); }
    expect(frames) { this.outline(this.coming, frames, "pin-ghost is-coming"); }

    outline(shown, frames, className) {
      while (shown.length > frames.length) shown.pop().remove();
      while (shown.length < frames.length) {
        const ghost = Object.assign(document.createElement("span"), { className });
        ghost.setAttribute("aria-hidden", "true");
        shown.push(ghost);
        this.box.append(ghost);
      }
      frames.forEach((frame, at) => {
        shown[at].dataset.at = frame;
        this.put(shown[at], this.line.middle(frame));
      });
    }

    bind(pin) {
      const { line } = this;
      let grip = 0;
      let wasDragged = false;
      drag(line, pin, {
        begin: (event) => {
          const mark = this.markOf.get(pin);
          wasDragged = false;
          event.stopPropagation();
          if (mark.fixed) return false;
          const room = line.view.getBoundingClientRect();
          grip = mark.frame > line.last ? 0 : event.clientX - room.left - line.middle(mark.frame);
          return true;
        },
        move: (clientX) => this.carry(pin, clientX - grip),
        end: (event, hasMoved) => {
          wasDragged = hasMoved;
          if (hasMoved) this.release(pin);
        },
      });
      pin.addEventListener("click", () => {
        const mark = this.markOf.get(pin);
        if (!wasDragged) line.seek(Math.min(line.last, mark.frame));
        wasDragged = false;
      });
      pin.addEventListener("focus", () => line.reveal(Math.min(line.last, this.markOf.get(pin).frame)));
      pin.addEventListener("keydown", (event) => this.key(pin, event));
    }

    /* It goes along with the pointer; where a frame is taken, the nearest free one is shown and will be taken. */
    carry(pin, clientX) {
      const { line } = this;
      const mark = this.markOf.get(pin);
      const own = this.held ? [this.held.frame, mark.frame] : [mark.frame];
      const asked = line.snap(line.frameAt(clientX), { without: own });
      const free = this.acts.nearest(asked, mark.key);
      this.held = { asked, frame: free };
      pin.classList.add("is-held");
      pin.classList.toggle("is-clash", free !== asked);
      this.ghost(free === asked ? [] : [free]);
      line.say(free === asked ? `Frame ${asked}, ${line.code(asked)}` : `Nearest free: ${free} (frame ${asked} has a picture).`);
      if (free !== mark.frame) this.acts.moving(mark.key, free);
      this.put(pin, line.middle(asked));
      pin.children[1].textContent = asked;
      line.scrub(free);
    }

    release(pin) {
      const mark = this.markOf.get(pin);
      const { asked, frame } = this.held;
      this.held = null;
      pin.classList.remove("is-held", "is-clash");
      this.ghost([]);
      this.line.seek(frame);
      this.acts.moved(mark.key, { asked });
    }

    key(pin, event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const { line } = this;
      const mark = this.markOf.get(pin);
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[event.key];
      if (mark.fixed || !(by || ["Delete", "Backspace", "Home", "End"].includes(event.key))) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Delete" || event.key === "Backspace") { this.leave(pin, mark); return; }
      const asked = { Home: 0, End: line.last }[event.key] ?? clamp(mark.frame + by * (event.shiftKey ? 10 : 1), 0, line.last);
      const frame = this.acts.nearest(asked, mark.key, by || (event.key === "Home" ? 1 : -1));
      if (frame === mark.frame) return;
      this.acts.moving(mark.key, frame);
      this.acts.moved(mark.key, { asked, by: "key" });
      line.seek(frame);
    }

    /* The neighbour has the focus then: many are taken away by one key. */
    leave(pin, mark) {
      const pins = [...this.box.querySelectorAll(".pin")];
      const at = pins.indexOf(pin);
      const next = pins[at + 1] || pins[at - 1] || this.line.input;
      this.acts.removed(mark.key);
      next.focus({ preventScroll: true });
    }

    frame() {
      for (const mark of this.marks) {
        this.elements.get(mark.key).classList.toggle("is-here", mark.frame === this.line.frame);
      }
    }
  }

  /* Stills that are dropped land where they are dropped; while they hang over it, their places are shown. */
  function dropping(line, lane) {
    const { view } = line;
    const kinds = (event) => [...event.dataTransfer.types];
    const isOurs = (event) => lane.acts && lane.acts.plan && (kinds(event).includes("Files") || kinds(event).includes(PICTURE));
    const countOf = (event) => Math.max(1, [...event.dataTransfer.items].filter((one) => one.kind === "file").length);
    const leave = () => { lane.ghost([]); view.classList.remove("is-over"); };
    const hover = paced(({ clientX, count }) => {
      if (view.classList.contains("is-over")) lane.ghost(lane.acts.plan(line.frameAt(clientX), count));
    });
    view.addEventListener("dragover", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = "copy";
      for (const zone of document.querySelectorAll("[data-drop].is-over")) zone.classList.remove("is-over");
      view.classList.add("is-over");
      hover({ clientX: event.clientX, count: countOf(event) });
    });
    view.addEventListener("dragleave", (event) => { if (!view.contains(event.relatedTarget)) leave(); });
    view.addEventListener("drop", (event) => {
      if (!isOurs(event)) return;
      const files = [...event.dataTransfer.files];
      if (files.some((file) => !file.type.startsWith("image/"))) { leave(); return; } /* a clip is no pin */
      event.preventDefault();
      event.stopPropagation();
      leave();
      const own = event.dataTransfer.getData(PICTURE);
      lane.acts.dropped(own ? [JSON.parse(own)] : files, line.frameAt(event.clientX));
    });
  }

  part((line) => {
    const box = line.box.querySelector("[data-pins]");
    if (!box) return null;
    const lane = new Lane(line, box);
    line.pins = lane;
    dropping(line, lane);
    return {
      draw: () => lane.place(),
      frame: () => lane.frame(),
      clip: () => { for (const mark of lane.marks) lane.dress(mark); },
      snaps: () => lane.marks.map((mark) => mark.frame),
    };
  });
  window.rushes.timeline.PICTURE = PICTURE;
})();

/* In and out of a time line: two handles at the ends of the part that is meant, the rest dimmed. The stage keeps the range. */
(() => {
  "use strict";
  const { part, drag, clamp } = window.rushes.timeline;

  part((line) => {
    const box = line.box.querySelector("[data-range]");
    if (!box || !line.host.setRange) return null;
    const handles = { in: box.querySelector('[data-handle="in"]'), out: box.querySelector('[data-handle="out"]') };
    const [before, after] = box.querySelectorAll("[data-shade]");
    const ends = () => line.host.range || [0, line.last];

    /* Give one end a frame; it stops at the other one. The whole clip is no range. */
    function move(end, frame) {
      const [first, last] = ends();
      const at = end === "in" ? clamp(frame, 0, last) : clamp(frame, first, line.last);
      const next = end === "in" ? [at, last] : [first, at];
      if (next[0] === first && next[1] === last) return;
      if (next[0] === 0 && next[1] === line.last) line.host.setRange(null);
      else line.host.setRange(...next);
    }

    function draw() {
      const [first, last] = ends();
      const [from, to] = [line.xOf(first), line.xOf(last + 1)];
      const edge = (x) => clamp(x, 0, line.width);
      before.style.transform = `scaleX(${edge(from) / line.width})`;
      after.style.transform = `scaleX(${1 - edge(to) / line.width})`;
      for (const [end, x, frame] of [["in", from, first], ["out", to, last]]) {
        const handle = handles[end];
        handle.style.transform = `translateX(${x}px)`;
        handle.classList.toggle("is-away", x < -1 || x > line.width + 1);
        handle.setAttribute("aria-valuemax", line.last);
        handle.setAttribute("aria-valuenow", frame);
        handle.setAttribute("aria-valuetext", `Frame ${frame}, ${line.code(frame)}`);
      }
      box.classList.toggle("is-set", Boolean(line.host.range));
    }

    for (const [end, handle] of Object.entries(handles)) {
      const frameUnder = (clientX) => {
        const place = Math.round(line.placeAt(clientX)) - (end === "out" ? 1 : 0);
        return line.snap(clamp(place, 0, line.last), { without: [ends()[end === "in" ? 0 : 1]] });
      };
      const at = () => ends()[end === "in" ? 0 : 1];
      let grip = 0;
      drag(line, handle, {
        begin: (event) => {
          event.stopPropagation();
          event.preventDefault();
          handle.focus({ preventScroll: true });
          grip = event.clientX - line.view.getBoundingClientRect().left - line.xOf(at() + (end === "out" ? 1 : 0));
        },
        move: (clientX) => { move(end, frameUnder(clientX - grip)); line.scrub(at()); },
        end: (_event, hasMoved) => { if (hasMoved) line.seek(at()); },
      });
      handle.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        const to = by ? at() + by * (event.shiftKey ? 10 : 1) : { Home: 0, End: line.last }[event.key];
        const isReset = ["Delete", "Backspace"].includes(event.key);
        if (to === undefined && !isReset) return;
        event.preventDefault();
        event.stopPropagation();
        move(end, isReset ? (end === "in" ? 0 : line.last) : to);
        line.seek(at());
      });
      handle.addEventListener("focus", () => line.reveal(at()));
    }

    line.speaker.addEventListener("rushes:range", () => line.draw());
    return { draw, snaps: () => (line.host.range ? line.host.range : [0, line.last]) };
  });
})();

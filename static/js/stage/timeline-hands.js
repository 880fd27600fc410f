/* The hands on a time line: scrubbing on ruler and strip, zoom by slider, wheel, keys and pinch, scrolling by wheel and bar. */
(() => {
  "use strict";
  const { part, clamp } = window.rushes.timeline;

  /* One call a displayed frame with the newest of what came in between. */
  function paced(act) {
    let newest = null;
    let waiting = 0;
    return (value) => {
      newest = value;
      if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; act(newest); });
    };
  }

  /* Drag with one pointer: begin(event) -> is it ours?; move(clientX, event) once a displayed frame, also while the view
     goes along at an edge; end(event, was it moved). */
  function drag(line, element, { begin, move, end }) {
    element.addEventListener("pointerdown", (event) => {
      if (event.button || line.pinching || begin(event) === false) return;
      element.setPointerCapture(event.pointerId);
      line.held = true;
      let at = event;
      let hasMoved = false;
      let pulling = 0;
      const step = () => { if (line.held && hasMoved) move(at.clientX, at); };
      const pull = () => {
        pulling = 0;
        if (!line.held || !line.pull(at.clientX)) return;
        step();
        pulling = requestAnimationFrame(pull);
      };
      const soon = paced(step);
      const follow = (moved) => {
        if (moved.pointerId !== event.pointerId) return;
        if (line.pinching) { finish(moved); return; }
        if (!hasMoved && Math.abs(moved.clientX - event.clientX) < 3) return;
        hasMoved = true;
        at = moved;
        soon();
        if (!pulling) pulling = requestAnimationFrame(pull);
      };
      const finish = (last) => {
        if (last.pointerId !== event.pointerId || !line.held) return;
        if (hasMoved) move(at.clientX, at);
        line.held = false;
        for (const name of ["pointermove", "lostpointercapture", "pointercancel"]) {
          element.removeEventListener(name, name === "pointermove" ? follow : finish);
        }
        end(last, hasMoved);
      };
      element.addEventListener("pointermove", follow);
      element.addEventListener("lostpointercapture", finish);
      element.addEventListener("pointercancel", finish);
    });
  }

  /* Ruler and strip: the picture follows the pointer. */
  function scrubbing(line) {
    const ground = line.box.querySelector("[data-timeline-ground]");
    drag(line, ground, {
      begin: (event) => {
        if (event.pointerType !== "touch") line.input.focus({ preventScroll: true });
        line.scrub(line.frameAt(event.clientX));
      },
      move: (clientX) => line.scrub(line.frameAt(clientX)),
      end: () => line.seek(line.frame),
    });
  }

  /* Two fingers: what is between them stays between them. */
  function pinching(line) {
    const touches = new Map();
    let begun = null;
    const two = () => [...touches.values()];
    line.view.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      touches.set(event.pointerId, event.clientX);
      if (touches.size !== 2) return;
      const [one, other] = two();
      line.pinching = true;
      begun = { apart: Math.max(24, Math.abs(one - other)), span: line.span, about: line.placeAt((one + other) / 2) };
    }, true);
    const turn = paced(() => {
      if (!begun || touches.size !== 2) return;
      const [one, other] = two();
      const span = begun.span * (begun.apart / Math.max(24, Math.abs(one - other)));
      const held = clamp(span, line.least, line.frames);
      const room = line.view.getBoundingClientRect();
      const share = ((one + other) / 2 - room.left - line.xOf(line.first)) / line.inner;
      line.show(begun.about - share * held, held);
    });
    line.view.addEventListener("pointermove", (event) => {
      if (!touches.has(event.pointerId)) return;
      touches.set(event.pointerId, event.clientX);
      turn();
    }, true);
    for (const name of ["pointerup", "pointercancel"]) {
      line.view.addEventListener(name, (event) => {
        touches.delete(event.pointerId);
        if (touches.size < 2) { begun = null; line.pinching = false; }
      }, true);
    }
  }

  /* With Ctrl the wheel zooms (so does a pinch on a touch pad); else it scrolls a line that is zoomed, to its ends. */
  function wheel(line) {
    line.view.addEventListener("wheel", (event) => {
      const by = event.deltaMode === 1 ? 24 : 1;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        line.zoomTo(line.zoom - clamp(event.deltaY * by, -120, 120) / 800, line.placeAt(event.clientX));
        return;
      }
      const way = (Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY) * by;
      const before = line.first;
      line.show(line.first + (way / line.inner) * line.span);
      if (line.first !== before) event.preventDefault();
    }, { passive: false });
  }

  function zoomSlider(line) {
    const slider = line.box.querySelector("[data-zoom]");
    slider.addEventListener("input", (event) => { event.stopPropagation(); line.zoomTo(Number(slider.value) / 100); });
    slider.addEventListener("change", (event) => event.stopPropagation());
    for (const button of line.box.querySelectorAll("[data-zoom-by]")) {
      button.addEventListener("click", () => line.zoomTo(line.zoom + Number(button.dataset.zoomBy)));
    }
    return slider;
  }

  function bar(line) {
    const track = line.box.querySelector("[data-timeline-bar]");
    const thumb = track.firstElementChild;
    let grabbed = 0;
    const place = (clientX) => {
      const room = track.getBoundingClientRect();
      return ((clientX - room.left) / Math.max(1, room.width)) * line.frames;
    };
    drag(line, track, {
      begin: (event) => {
        const at = place(event.clientX);
        const isOnThumb = at >= line.first && at <= line.first + line.span;
        grabbed = isOnThumb ? at - line.first : line.span / 2;
        line.show(at - grabbed);
      },
      move: (clientX) => line.show(place(clientX) - grabbed),
      end: () => {},
    });
    return thumb;
  }

  part((line) => {
    scrubbing(line);
    pinching(line);
    wheel(line);
    const slider = zoomSlider(line);
    const thumb = bar(line);
    return {
      draw() {
        slider.disabled = !line.canZoom;
        slider.value = Math.round(line.zoom * 100);
        slider.setAttribute("aria-valuetext", line.isWhole ? "The whole clip" : `${Math.round(line.span)} frames in sight`);
        for (const button of line.box.querySelectorAll("[data-zoom-by]")) {
          button.disabled = !line.canZoom || (Number(button.dataset.zoomBy) < 0 ? line.isWhole : line.zoom > 0.999);
        }
        thumb.style.width = `${(line.span / line.frames) * 100}%`;
        thumb.style.transform = `translateX(${(line.first / line.frames) * line.width}px)`;
        line.box.classList.toggle("is-zoomed", !line.isWhole);
      },
      snaps: () => [line.frame],
    };
  });

  /* Plus and minus zoom wherever nothing else wants them. */
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const by = { "+": 0.12, "=": 0.12, "-": -0.12 }[event.key];
    const at = event.target;
    if (!by || at.isContentEditable || at.closest("dialog[open]")) return;
    if (at.matches("input:not([data-strip], [data-zoom]), textarea, select")) return;
    const box = at.closest("[data-timeline]") || document.querySelector("[data-stage] [data-timeline], [data-timeline]");
    const line = box && window.rushes.timeline.of(box);
    if (!line) return;
    event.preventDefault();
    line.zoomTo(line.zoom + by);
  });

  Object.assign(window.rushes.timeline, { drag, paced });
})();

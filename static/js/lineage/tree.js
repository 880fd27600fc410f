/* The lineage tree: zoomed and moved about. Moving is the scrolling of its box, so it works without this; dragging with
   a mouse, two fingers, the keys + − 0 and the buttons are added here. A zoom keeps what lies under the hand in place. */
(() => {
  "use strict";
  const box = document.querySelector("[data-treebox]");
  if (!box) return;
  const view = box.querySelector("[data-treeview]");
  const size = box.querySelector("[data-treesize]");
  const tree = box.querySelector("[data-tree]");
  const level = box.querySelector("[data-zoom-level]");
  const LEAST = 0.1;
  const MOST = 2;
  const STEP = 1.25;
  const FEWEST_PIXELS = 4; /* less is a press, not a drag */
  let scale = 1;

  const middle = () => {
    const seen = view.getBoundingClientRect();
    return { x: seen.left + view.clientWidth / 2, y: seen.top + view.clientHeight / 2 };
  };

  const zoomTo = (wanted, at = middle()) => {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const seen = view.getBoundingClientRect();
    const x = at.x - seen.left;
    const y = at.y - seen.top;
    const [left, top] = [(view.scrollLeft + x) / scale, (view.scrollTop + y) / scale];
    scale = next;
    tree.style.transform = `scale(${scale})`;
    size.style.width = `${tree.offsetWidth * scale}px`;
    size.style.height = `${tree.offsetHeight * scale}px`;
    view.scrollLeft = left * scale - x;
    view.scrollTop = top * scale - y;
    level.textContent = `${Math.round(scale * 100)} %`;
  };

  const fit = () => {
    zoomTo(Math.min(1, view.clientWidth / tree.offsetWidth, view.clientHeight / tree.offsetHeight));
    view.scrollTo(0, 0);
  };

  const showHere = () => {
    const node = tree.querySelector("[data-here] > .treenode");
    if (!node) return;
    const [seen, its] = [view.getBoundingClientRect(), node.getBoundingClientRect()];
    view.scrollLeft += its.left - seen.left - (view.clientWidth - its.width) / 2;
    view.scrollTop += its.top - seen.top - (view.clientHeight - its.height) / 2;
  };

  const ways = {
    in: () => zoomTo(scale * STEP),
    out: () => zoomTo(scale / STEP),
    fit,
    here: () => { if (scale < 0.5) zoomTo(1); showHere(); },
  };
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) ways[button.dataset.zoom]();
  });

  const keys = { "+": ways.in, "=": ways.in, "-": ways.out, "_": ways.out, 0: fit };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; /* a plain wheel scrolls */
    event.preventDefault();
    zoomTo(scale * Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
  }, { passive: false });

  let drag = null;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    if (event.offsetX > event.currentTarget.clientWidth && event.target === view) return; /* the scroll bar */
    drag = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop, isMoved: false };
  });
  window.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.isMoved && Math.hypot(x, y) < FEWEST_PIXELS) return;
    drag.isMoved = true;
    view.classList.add("is-dragged");
    view.scrollTo(drag.left - x, drag.top - y);
  });
  window.addEventListener("pointerup", () => {
    if (!drag) return;
    const was = drag;
    drag = null;
    view.classList.remove("is-dragged");
    if (!was.isMoved) return;
    const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
    view.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => view.removeEventListener("click", swallow, { capture: true }), 0);
  });
  view.addEventListener("dragstart", (event) => event.preventDefault());

  let pinch = null;
  const between = ([one, two]) => ({
    apart: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY),
    at: { x: (one.clientX + two.clientX) / 2, y: (one.clientY + two.clientY) / 2 },
  });
  view.addEventListener("touchstart", (event) => {
    pinch = event.touches.length === 2 ? { ...between(event.touches), scale } : null;
  }, { passive: true });
  view.addEventListener("touchmove", (event) => {
    if (!pinch || event.touches.length !== 2) return;
    event.preventDefault();
    const now = between(event.touches);
    zoomTo(pinch.scale * now.apart / pinch.apart, now.at);
  }, { passive: false });
  view.addEventListener("touchend", () => { pinch = null; });

  showHere();
})();

/* Comments on a time line: a mark on the ruler at each frame or range that somebody speaks of. Those of the same frames are
   one mark. static/js/stage/comments.js says which there are: line.remarks.show([{id, first, last, tone, by}]), tone is
   "open", "carried" or "resolved". It tells, bubbling: rushes:remark {ids}. */
(() => {
  "use strict";
  const { part, clamp } = window.rushes.timeline;
  const ORDER = ["open", "carried", "resolved"]; /* what a mark of several looks like */

  function grouped(list) {
    const found = new Map();
    for (const one of list) {
      const key = `${one.first}-${one.last}`;
      const group = found.get(key) || { key, first: one.first, last: one.last, ids: [], by: [], tones: [] };
      group.ids.push(one.id);
      group.by.push(one.by);
      group.tones.push(one.tone);
      found.set(key, group);
    }
    return [...found.values()].sort((one, other) => one.first - other.first || one.last - other.last);
  }

  part((line) => {
    const box = line.box.querySelector("[data-remarks]");
    if (!box) return null;
    let groups = [];
    const marks = new Map(); /* key -> its button */
    let current = "";

    function make(key) {
      const mark = Object.assign(document.createElement("button"), { type: "button" });
      mark.dataset.key = key;
      mark.tabIndex = -1;
      marks.set(key, mark);
      box.append(mark);
      return mark;
    }

    function words({ first, last, ids, by }) {
      const where = first === last ? `frame ${first}` : `frames ${first} to ${last}`;
      const what = ids.length === 1 ? `Comment by ${by[0]}` : `${ids.length} comments`;
      return `${what}, ${where}`;
    }

    function show(list) {
      groups = grouped(list);
      const keys = new Set(groups.map((one) => one.key));
      for (const [key, mark] of marks) if (!keys.has(key)) { mark.remove(); marks.delete(key); }
      for (const group of groups) {
        const mark = marks.get(group.key) || make(group.key);
        const tone = ORDER.find((one) => group.tones.includes(one));
        mark.className = `remark remark-${tone}${group.first === group.last ? "" : " is-range"}`;
        mark.setAttribute("aria-label", `${words(group)}${tone === "open" ? "" : `, ${tone}`}`);
        mark.title = words(group);
        box.append(mark);
      }
      if (!keys.has(current)) current = groups.length ? groups[0].key : "";
      reach();
      place();
    }

    /* One of them is reached by Tab, the others by arrows. */
    function reach() {
      for (const [key, mark] of marks) mark.tabIndex = key === current ? 0 : -1;
    }

    function place() {
      for (const { key, first, last } of groups) {
        const mark = marks.get(key);
        const [from, to] = first === last ? [line.middle(first), line.middle(first)] : [line.xOf(first), line.xOf(last + 1)];
        const isAway = to < 0 || from > line.width;
        const left = clamp(from, 0, line.width);
        mark.style.transform = `translateX(${left}px)`;
        mark.style.setProperty("--long", `${Math.max(0, clamp(to, 0, line.width) - left)}px`);
        mark.hidden = isAway;
      }
    }

    function follow() {
      for (const { key, first, last } of groups) {
        marks.get(key).classList.toggle("is-here", line.frame >= first && line.frame <= last);
      }
    }

    const groupOf = (event) => {
      const mark = event.target.closest("[data-key]");
      return mark && groups.find((one) => one.key === mark.dataset.key);
    };
    box.addEventListener("pointerdown", (event) => { if (groupOf(event)) event.stopPropagation(); });
    box.addEventListener("click", (event) => {
      const group = groupOf(event);
      if (!group) return;
      current = group.key;
      reach();
      box.dispatchEvent(new CustomEvent("rushes:remark", { bubbles: true, detail: { ids: group.ids } }));
    });
    box.addEventListener("keydown", (event) => {
      const group = groupOf(event);
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (!group || !by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      const next = groups[groups.indexOf(group) + by];
      if (!next) return;
      current = next.key;
      reach();
      line.reveal(next.first);
      place();
      marks.get(current).focus({ preventScroll: true });
    });

    line.remarks = { show };
    return { draw: place, frame: follow, snaps: () => groups.map((one) => one.first) };
  });
})();

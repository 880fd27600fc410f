/* Takes that are marked on their cards, and the bar of what is done with them: there while some are marked. What is
   marked is kept here, for a card may be shown anew meanwhile. Shift marks all between; on a card X marks, S stars and
   1 to 5 rate. The forms work without. */
(() => {
  "use strict";
  const MOST_COMPARED = 9;
  const MOST = 200;
  const bar = document.querySelector("[data-pick]");
  if (!bar) return;
  const find = (what) => bar.querySelector(what);
  const boxes = () => [...document.querySelectorAll(".take-pick input")];
  const marked = new Set(); /* the values of boxes */
  let last = null; /* the box that was marked last, as its value */

  const count = () => new Set([...marked].flatMap((value) => value.split(","))).size;

  function says(many) {
    if (many > MOST) return `${many} marked: at most ${MOST} at a time. Leave ${many - MOST} out.`;
    return `${many} marked`;
  }

  function sync() {
    const there = new Set(boxes().map((box) => box.value));
    for (const value of marked) if (!there.has(value)) marked.delete(value);
    for (const box of boxes()) {
      box.checked = marked.has(box.value);
      box.closest(".card").classList.toggle("is-marked", box.checked);
    }
    const many = count();
    for (const next of document.querySelectorAll("#pick-form [name=next], #keep-form [name=next]")) {
      next.value = location.pathname + location.search; /* filters may have changed it */
    }
    bar.classList.toggle("is-shown", many > 0);
    bar.inert = many === 0;
    find("[data-pick-says]").textContent = many ? says(many) : "";
    const compare = find("[data-pick-compare]");
    const canCompare = many >= 2 && many <= MOST_COMPARED;
    compare.setAttribute("aria-disabled", String(!canCompare));
    compare.title = canCompare ? "" : `Two to ${MOST_COMPARED} takes can be seen in step.`;
  }

  function mark(box, on) {
    if (on) marked.add(box.value);
    else marked.delete(box.value);
  }

  function markTo(box, on) {
    const all = boxes();
    const from = all.findIndex((one) => one.value === last);
    const to = all.indexOf(box);
    const between = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of between) mark(one, on);
  }

  let isShift = false;
  document.addEventListener("click", (event) => {
    isShift = event.shiftKey;
    if (event.shiftKey && event.target.closest(".take-pick")) getSelection().removeAllRanges();
  }, true);
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches(".take-pick input")) return;
    if (isShift) markTo(box, box.checked);
    else mark(box, box.checked);
    last = box.value;
    sync();
  });

  find("[data-pick-clear]").addEventListener("click", () => {
    marked.clear();
    sync();
  });
  find("[data-pick-all]").addEventListener("click", () => {
    for (const box of boxes()) mark(box, true);
    sync();
  });
  find("[data-pick-compare]").addEventListener("click", (event) => {
    if (event.currentTarget.getAttribute("aria-disabled") !== "true") return;
    event.preventDefault();
    window.rushes.toast(event.currentTarget.title, { bad: true });
  });
  bar.addEventListener("submit", (event) => {
    const many = count();
    if (many <= MOST) return;
    event.preventDefault();
    window.rushes.toast(says(many), { bad: true });
  });
  /* Return in a field presses the button of its menu: the form's first button would compare. */
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input:not([type=checkbox]), select")) return;
    event.preventDefault();
    event.target.closest(".menu-body").querySelector("button").click();
  });
  /* Which batches are open, so that what changed comes back as it stands. */
  bar.addEventListener("htmx:configRequest", (event) => {
    for (const open of document.querySelectorAll("#takes [name=open]")) event.detail.formData.append("open", open.value);
  });
  /* What was done closes its menu; what was thrown away is marked no more. */
  bar.addEventListener("htmx:afterRequest", () => {
    for (const menu of bar.querySelectorAll(".menu[open]")) menu.open = false;
    for (const field of bar.querySelectorAll(".menu-body input:not([type=checkbox])")) field.value = "";
  });

  /* Keys, where the focus is in a card and not in a field. */
  const KEYS = { x: ".take-pick input", s: ".take-star" };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const card = event.target.closest && event.target.closest("[data-card], .batch");
    if (!card || event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const key = event.key.toLowerCase();
    const goal = card.querySelector(KEYS[key] || (/^[1-5]$/.test(key) ? `[data-rate="${key}"]` : "none"));
    if (!goal) return;
    event.preventDefault();
    isShift = event.shiftKey;
    goal.click();
  });

  /* A message that htmx has put in goes by itself, unless somebody is at it. */
  function fade() {
    const room = bar.inert ? 0 : Math.max(0, innerHeight - bar.getBoundingClientRect().top);
    document.getElementById("toasts").style.setProperty("--floor", `${room}px`);
    for (const box of document.querySelectorAll("#toasts [data-fades]")) {
      delete box.dataset.fades;
      const go = () => {
        if (box.matches(":hover, :focus-within")) setTimeout(go, 2000);
        else box.remove();
      };
      setTimeout(go, box.querySelector("form") ? 15000 : 4000);
    }
  }

  document.addEventListener("htmx:afterSettle", () => { sync(); fade(); });
  document.addEventListener("htmx:oobAfterSwap", () => { sync(); fade(); });
  window.addEventListener("pageshow", () => { /* a browser may bring the marks back */
    for (const box of boxes()) mark(box, box.checked);
    sync();
  });
  sync();
})();

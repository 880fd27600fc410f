/* Back returns to the place: as many parts of the list as were there, then as far down as it was. A browser that kept the
   page does so by itself; where it did not, the page is read anew and says so: "back_forward", or "reload" by htmx. */
(() => {
  "use strict";
  const MOST_PARTS = 40;
  const PATIENCE = 4000; /* ms for one part */
  const key = () => `place ${location.pathname}${location.search}`;
  const grid = () => document.querySelector("#takes .takes, #clips");
  const count = () => grid() ? grid().querySelectorAll(":scope > .card").length : 0;

  function keep() {
    try {
      if (grid()) sessionStorage.setItem(key(), JSON.stringify({ cards: count(), y: Math.round(scrollY) }));
    } catch { /* without storage the page begins at its top */ }
  }

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(key()));
    } catch {
      return null;
    }
  }

  const isSwapped = () => new Promise((done) => {
    const timer = setTimeout(() => done(false), PATIENCE);
    document.addEventListener("htmx:afterSettle", () => { clearTimeout(timer); done(true); }, { once: true });
  });

  async function older() {
    const more = document.querySelector(".older[hx-trigger]");
    if (!more) return false;
    const swapped = isSwapped();
    window.htmx.trigger(more, "rushes:older");
    return swapped;
  }

  async function goBack() {
    const place = kept();
    if (!place || !place.y) return;
    let touched = false;
    for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) {
      addEventListener(event, () => { touched = true; }, { once: true, passive: true });
    }
    for (let part = 0; part < MOST_PARTS && count() < place.cards && !touched; part += 1) {
      if (!(await older())) break;
    }
    if (!touched) scrollTo({ top: place.y, behavior: "instant" });
  }

  addEventListener("pagehide", keep);
  document.addEventListener("htmx:beforeHistorySave", keep);
  document.addEventListener("DOMContentLoaded", () => {
    const [how] = performance.getEntriesByType("navigation");
    if (!how || how.type === "navigate") return;
    history.scrollRestoration = "manual";
    goBack().finally(() => { history.scrollRestoration = "auto"; });
  });
})();

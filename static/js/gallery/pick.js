/* Cards that are marked to be compared: the bar is there while some are. The form works without. */
(() => {
  "use strict";
  const MOST = 9;
  const bar = document.querySelector("[data-pick]");
  if (!bar) return;
  const find = (what) => bar.querySelector(what);
  const marked = () => [...document.querySelectorAll(".take-pick input:checked")];

  function sync() {
    const count = marked().length;
    bar.classList.toggle("is-shown", count > 0);
    bar.inert = count === 0;
    find("[data-pick-count]").textContent = count ? ` ${count}` : "";
    find("[data-pick-says]").textContent = count > MOST ? `At most ${MOST} at once: leave ${count - MOST} out.` : count === 1 ? "Mark one more." : "";
    if (count >= 2 && count <= MOST) find("[data-pick-compare]").removeAttribute("aria-disabled");
    else find("[data-pick-compare]").setAttribute("aria-disabled", "true");
  }

  document.addEventListener("change", (event) => { if (event.target.matches(".take-pick input")) sync(); });
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    const numbers = marked().map((one) => Number(one.value)).sort((one, other) => one - other); /* the oldest first */
    if (numbers.length >= 2 && numbers.length <= MOST) location.href = `${bar.action}?takes=${numbers.join(",")}`;
  });
  find("[data-pick-clear]").addEventListener("click", () => {
    for (const one of marked()) one.checked = false;
    sync();
  });
  document.addEventListener("htmx:afterSettle", sync);
  window.addEventListener("pageshow", sync); /* a browser may bring the marks back */
  sync();
})();

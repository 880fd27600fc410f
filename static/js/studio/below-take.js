/* What stands in the line below the picture of a take, once somebody looks at it for a moment: the ways to finish it, and how
   its review stands. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { request } = window.rushes;
  const { form, $ } = window.rushes.studio;
  const QUIET_MS = 250; /* who flicks through takes asks for none of them */
  const PLACES = { finishes: "[data-finish-place]", verdicts: "[data-verdict-place]" }; /* by where a tab has its address */
  const waiting = {};

  function show(what, tab) {
    const place = $(PLACES[what]);
    if (!place || place.dataset.take === tab.dataset.tab) return;
    place.dataset.take = tab.dataset.tab;
    place.replaceChildren();
    clearTimeout(waiting[what]);
    const address = tab.dataset[what];
    const isWanted = () => place.dataset.take === tab.dataset.tab; /* its buttons pay and decide: never for another take */
    const wanted = { address, target: PLACES[what], swap: "innerHTML", isWanted };
    if (address) waiting[what] = setTimeout(() => { request(what, wanted); }, QUIET_MS);
  }

  form.addEventListener("rushes:described", (event) => {
    for (const what of Object.keys(PLACES)) show(what, event.detail.tab);
  });

  /* What was queued so is one more take of this source. */
  document.addEventListener("rushes:queued", (event) => {
    const takes = document.getElementById("takes");
    if (!takes || document.getElementById(`take-${event.detail.take}`)) return;
    request("takes", { address: takes.dataset.url, target: "#takes" });
  });
})();

/* A take on the stage at full quality: the ways to finish it stand in the line below the picture, once somebody looks at
   it for a moment. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { request } = window.rushes;
  const { form, $ } = window.rushes.studio;
  const QUIET_MS = 250; /* who flicks through takes asks for none of them */
  let waiting = 0;

  form.addEventListener("rushes:described", (event) => {
    const place = $("[data-finish-place]");
    const { tab } = event.detail;
    if (!place || place.dataset.take === tab.dataset.tab) return;
    place.dataset.take = tab.dataset.tab;
    place.replaceChildren();
    clearTimeout(waiting);
    const address = tab.dataset.finishes;
    const isWanted = () => place.dataset.take === tab.dataset.tab; /* its buttons pay: never those of another take */
    const wanted = { address, target: "[data-finish-place]", swap: "innerHTML", isWanted };
    if (address) waiting = setTimeout(() => { request("finishes", wanted); }, QUIET_MS);
  });

  /* What was queued so is one more take of this source. */
  document.addEventListener("rushes:queued", (event) => {
    const takes = document.getElementById("takes");
    if (!takes || document.getElementById(`take-${event.detail.take}`)) return;
    request("takes", { address: takes.dataset.url, target: "#takes" });
  });
})();

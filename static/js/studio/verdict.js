/* How the review of the take on the stage stands, in the line below the picture, once somebody looks at it for a moment. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { request } = window.rushes;
  const { form, $ } = window.rushes.studio;
  const QUIET_MS = 250; /* who flicks through takes asks for none of them */
  let waiting = 0;

  form.addEventListener("rushes:described", (event) => {
    const place = $("[data-verdict-place]");
    const { tab } = event.detail;
    if (!place || place.dataset.take === tab.dataset.tab) return;
    place.dataset.take = tab.dataset.tab;
    place.replaceChildren();
    clearTimeout(waiting);
    const address = tab.dataset.verdicts;
    const isWanted = () => place.dataset.take === tab.dataset.tab; /* its button decides: never about another take */
    const wanted = { address, target: "[data-verdict-place]", swap: "innerHTML", isWanted };
    if (address) waiting = setTimeout(() => { request("verdicts", wanted); }, QUIET_MS);
  });
})();

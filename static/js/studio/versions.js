/* Versions set aside, in the dialog of earlier prompts. One of the draft that is open comes back in its place, so that it
   can be undone; another one opens with its own source. */
(() => {
  "use strict";
  const studio = window.rushes.studio;
  const search = document.getElementById("prompt-search");
  if (!studio || !search) return;

  search.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-version-back]")) return;
    const { version, place } = event.target.closest("[data-version]").dataset;
    if (place !== studio.draftPlace()) return;
    event.preventDefault();
    search.close();
    studio.rearrange({ extra: { mend: `draft_all=${version}` } });
  });
})();

/* The bin: a drawer where there is no room beside the stage; the chosen clip is always in sight. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const studio = window.rushes.studio;
  const { form, $, all } = studio;
  const bin = $("[data-bin]");
  const opens = () => $("[data-bin-opens]");
  const isDrawer = () => Boolean(opens() && opens().offsetParent);

  function open() {
    if (!isDrawer()) return;
    bin.classList.add("is-open");
    opens().setAttribute("aria-expanded", "true");
    const goal = bin.querySelector(".tile:not(.is-idle) input:checked") || bin.querySelector(".tile input");
    if (goal) goal.focus();
    showChosen();
  }

  function shut({ focus = true } = {}) {
    if (!bin.classList.contains("is-open")) return;
    bin.classList.remove("is-open");
    if (!opens()) return;
    opens().setAttribute("aria-expanded", "false");
    if (focus) opens().focus();
  }

  function showChosen() {
    const chosen = all('[name="source_asset"]:checked, [name="source_generation"]:checked', bin)
      .find((one) => one.name.slice(7) === studio.radio("source_kind"));
    const tile = chosen && chosen.closest(".tile");
    if (!tile || !tile.offsetParent) return;
    const [box, at] = [bin.getBoundingClientRect(), tile.getBoundingClientRect()];
    if (at.top < box.top || at.bottom > box.bottom) bin.scrollTop += at.top - box.top - box.height / 3;
  }

  /* Only the chosen kind's tile looks chosen: the other kind keeps its own, for when it is chosen again. */
  function markKind() {
    const kind = studio.radio("source_kind");
    for (const tile of all(".tile", bin)) {
      const input = tile.querySelector("[type=radio]");
      tile.classList.toggle("is-idle", Boolean(input) && input.name !== `source_${kind}`);
    }
  }

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-bin-opens]")) open();
    else if (event.target.closest("[data-bin-shuts]")) shut();
    else if (bin.classList.contains("is-open") && !bin.contains(event.target)) shut({ focus: false });
    /* A tile that is chosen already is chosen again from the other kind. */
    const input = event.target.closest(".area-bin [type=radio]");
    if (input && /^source_(asset|generation)$/.test(input.name) && studio.radio("source_kind") !== input.name.slice(7)) {
      studio.set("source_kind", [input.name.slice(7)]);
      studio.showSource();
      studio.recheck();
    }
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") shut(); });
  form.addEventListener("change", (event) => {
    if (/^source_(asset|generation)$/.test(event.target.name)) shut({ focus: false });
  });
  form.addEventListener("rushes:sync", () => { markKind(); showChosen(); });
  form.addEventListener("rushes:changed", markKind);
  markKind();
  showChosen();
  studio.openBin = open;
})();

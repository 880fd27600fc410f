/* The round of review by keys: A approves, R is for what needs changes (Ctrl+Enter in the note sends it), N goes on, P goes
   back. They come before the stage's own keys, and press the buttons that are there: without script these do the same. */
(() => {
  "use strict";
  const round = document.querySelector("[data-round]");
  if (!round) return;
  const find = (what) => round.querySelector(what);
  const note = find("[data-round-note]");
  const PRESSED = { a: "[data-round-approve]", n: "[data-round-next]", p: "[data-round-previous]" };
  let isLeaving = false; /* one press, one take: the next page has its own keys */

  const isField = (at) => at.isContentEditable || at.matches("textarea, select, input:not([type=range], [type=radio], [type=checkbox])");

  function press(what) {
    const button = find(what);
    if (!button || isLeaving) return;
    isLeaving = true;
    button.click();
  }

  function toNote() {
    if (!note) return;
    note.focus();
    note.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.shiftKey || event.defaultPrevented || event.repeat) return;
    if (event.target === note) return inNote(event);
    if (event.ctrlKey || event.metaKey || isField(event.target) || document.querySelector("dialog[open]")) return undefined;
    const key = event.key.toLowerCase();
    if (key === "r" && note) toNote();
    else if (key in PRESSED && find(PRESSED[key])) press(PRESSED[key]);
    else return undefined;
    return event.preventDefault();
  }, true);

  function inNote(event) {
    if (event.key === "Escape") note.blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press("[data-round-changes]");
    else return;
    event.preventDefault();
  }

  window.addEventListener("pageshow", () => { isLeaving = false; });

  /* The previous version is the first clip of the stage. */
  round.addEventListener("click", (event) => {
    const button = event.target.closest("[data-round-compare]");
    const stage = button && window.rushes.stage.of(round);
    if (!stage) return;
    const { roundCompare: mode } = button.dataset;
    stage.setMode(stage.mode === mode ? "single" : mode, { against: 0 });
  });

  /* The dialog of the stage's keys lists these, and not the one that they take from it. */
  const keys = round.querySelector("[data-keys-dialog] dl");
  if (keys) {
    for (const name of keys.querySelectorAll("dt")) if (name.textContent.trim() === "R") name.parentElement.remove();
    keys.prepend(find("[data-round-keys]").content.cloneNode(true));
  }
})();

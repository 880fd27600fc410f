/* The queue: rows that change by themselves, and buttons in them. A look that was under way when a button was pressed
   says what was true before: its answer is dropped, so that it neither undoes what the button showed nor takes the
   button away while its own answer is on the way. */
(() => {
  "use strict";
  const rows = document.getElementById("rows");
  if (!rows) return;
  let pressed = 0;
  let underway = 0;
  const pressedAt = new WeakMap(); /* of each look: how many buttons had been pressed when it began */

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    if (elt === rows) pressedAt.set(xhr, pressed);
    else if (rows.contains(elt) && requestConfig.verb === "post") { pressed += 1; underway += 1; }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (pressedAt.has(xhr) && (underway > 0 || pressedAt.get(xhr) !== pressed)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target === rows && event.detail.requestConfig.verb === "post") underway = Math.max(0, underway - 1);
  });
})();

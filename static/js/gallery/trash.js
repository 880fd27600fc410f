/* The trash: all of the page is marked at once, or none. */
(() => {
  "use strict";
  const button = document.querySelector("[data-mark-all]");
  if (!button) return;
  button.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll(".trash-pick input")];
    const areAll = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !areAll;
  });
})();

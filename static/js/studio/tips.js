/* Why an option is closed: said beside it, on hover, focus or press of that option only, with its way out. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, closedBy, isClosed } = window.rushes.studio;
  const tip = () => $("[data-why]");
  let shownFor = null;
  let timer = 0;

  function place(input) {
    const at = (input.closest("label") || input).getBoundingClientRect();
    const box = tip().getBoundingClientRect();
    const below = at.bottom + 6 + box.height < window.innerHeight;
    tip().style.left = `${Math.max(12, Math.min(at.left, window.innerWidth - box.width - 12))}px`;
    tip().style.top = `${below ? at.bottom + 6 : Math.max(12, at.top - 6 - box.height)}px`;
  }

  function show(input) {
    const line = closedBy(input);
    if (!line || !isClosed(input)) return hide();
    clearTimeout(timer);
    if (shownFor === input && tip().matches(":popover-open")) return undefined;
    shownFor = input;
    tip().replaceChildren(...[...line.childNodes].map((one) => one.cloneNode(true)));
    if (!tip().matches(":popover-open")) tip().showPopover();
    return place(input);
  }

  function hide() {
    clearTimeout(timer);
    shownFor = null;
    if (tip() && tip().matches(":popover-open")) tip().hidePopover();
  }

  const optionAt = (target) => {
    const label = target.closest("label");
    return target.closest("[data-option]") || (label && label.querySelector("[data-option]"));
  };
  const isHere = (target) => Boolean(target && target.closest && (target.closest("[data-why]") || (optionAt(target) && optionAt(target) === shownFor)));

  form.addEventListener("pointerover", (event) => {
    const input = optionAt(event.target);
    if (event.pointerType === "mouse" && input && isClosed(input)) show(input);
  });
  form.addEventListener("pointerout", (event) => {
    if (shownFor && !isHere(event.relatedTarget) && !tip().contains(document.activeElement)) {
      clearTimeout(timer);
      timer = setTimeout(hide, 250); /* time to reach the way out */
    }
  });
  form.addEventListener("pointerover", (event) => { if (isHere(event.target)) clearTimeout(timer); });
  form.addEventListener("focusin", (event) => {
    const input = event.target.closest("[data-option]");
    if (input && isClosed(input) && input.matches(":focus-visible")) show(input);
  });
  form.addEventListener("focusout", (event) => { if (shownFor && !isHere(event.relatedTarget)) hide(); });
  form.addEventListener("rushes:tried", (event) => {
    show(event.target);
    const way = tip().querySelector("button");
    if (way) way.focus();
  });
  form.addEventListener("click", (event) => { if (event.target.closest("[data-why] button")) hide(); });
  form.addEventListener("rushes:changed", hide);
  document.addEventListener("scroll", () => { if (shownFor) hide(); }, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shownFor) return;
    const back = shownFor;
    hide();
    back.focus();
  });
})();

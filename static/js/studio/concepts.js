/* Camera concepts: chips found by typing, counted, and let go together. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, all, recheck } = window.rushes.studio;
  const plain = (text) => text.toLowerCase().replace(/[\s_-]+/g, " ").trim();

  /* What is chosen stays in sight, whatever is searched for. */
  function find() {
    const search = $("[data-concepts-search]");
    if (!search) return;
    const words = plain(search.value).split(" ");
    let found = 0;
    for (const group of all("[data-concepts-group]")) {
      const name = plain(group.getAttribute("aria-label"));
      let some = false;
      for (const chip of all(".concept", group)) {
        const says = `${plain(chip.textContent)} ${name}`;
        const fits = words.every((word) => says.includes(word));
        chip.hidden = !fits && !$("input", chip).checked;
        some = some || !chip.hidden;
        found += fits ? 1 : 0;
      }
      group.hidden = !some;
    }
    $("[data-concepts-none]").hidden = found > 0;
  }

  function count() {
    const says = $("[data-concepts-count]");
    if (!says) return;
    const chosen = all('[name="concepts"]:checked').length;
    says.textContent = chosen ? `${chosen} chosen` : "";
    $("[data-concepts-clear]").hidden = chosen === 0;
  }

  /* A search is no change of the form. */
  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-concepts-search]")) return;
    event.stopImmediatePropagation();
    find();
  }, true);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.matches("[data-concepts-search]") || !event.target.value) return;
    event.preventDefault();
    event.target.value = "";
    find();
  });
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-concepts-clear]")) return;
    for (const one of all('[name="concepts"]:checked')) one.checked = false;
    $("[data-concepts-search]").focus();
    count();
    find();
    recheck();
  });
  const draw = () => { count(); find(); };
  for (const name of ["rushes:changed", "rushes:sync"]) form.addEventListener(name, draw);
  document.addEventListener("htmx:afterSwap", draw);
  document.addEventListener("htmx:oobAfterSwap", count);
  draw();
})();

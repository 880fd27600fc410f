/* Names while one types: after "@" in a text with data-names, those who can be named and begin so, to choose by arrows,
   Enter or Tab, or by a press. */
(() => {
  "use strict";
  const ASKED = /(?:^|[\s(])@([\p{L}\p{N}_.'-]*(?: [\p{L}\p{N}_.'-]*)?)$/u;
  let at = null; /* {area, list, names, chosen, start} of the list that is open */
  let asking = 0;

  const listOf = (area) => {
    const known = area.parentElement.querySelector("[data-names-list]");
    if (known) return known;
    const list = Object.assign(document.createElement("ul"), { className: "names", role: "listbox", id: `${area.id || `names-${Date.now()}`}-names`, hidden: true });
    list.dataset.namesList = "";
    list.setAttribute("aria-label", "People");
    const told = Object.assign(document.createElement("span"), { className: "visually-hidden" });
    told.setAttribute("role", "status");
    area.after(list, told);
    return list;
  };

  function close() {
    if (!at) return;
    at.list.hidden = true;
    at.list.replaceChildren();
    at.area.removeAttribute("aria-activedescendant");
    at.area.removeAttribute("aria-controls");
    at = null;
  }

  function mark(chosen) {
    at.chosen = (chosen + at.names.length) % at.names.length;
    [...at.list.children].forEach((row, place) => row.setAttribute("aria-selected", String(place === at.chosen)));
    at.area.setAttribute("aria-activedescendant", at.list.children[at.chosen].id);
  }

  function open(area, start, names) {
    close();
    if (!names.length) return;
    const list = listOf(area);
    list.replaceChildren(...names.map((name, place) => {
      const row = Object.assign(document.createElement("li"), { id: `${list.id}-${place}`, textContent: name });
      row.setAttribute("role", "option");
      return row;
    }));
    at = { area, list, names, start };
    list.hidden = false;
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", list.id);
    list.nextElementSibling.textContent = names.length === 1 ? names[0] : `${names.length} people, ${names[0]} first`;
    mark(0);
  }

  function choose(name) {
    const { area, start } = at;
    const end = area.selectionEnd;
    close();
    area.setRangeText(`@${name} `, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }

  async function look(area) {
    const before = area.value.slice(0, area.selectionEnd);
    const found = ASKED.exec(before);
    asking += 1;
    const mine = asking;
    if (!found) { close(); return; }
    const start = before.length - found[1].length - 1;
    const answer = await fetch(`${area.dataset.names}?q=${encodeURIComponent(found[1])}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok || answer.redirected || mine !== asking) return;
    const { names } = await answer.json();
    if (mine === asking && document.activeElement === area) open(area, start, names);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[data-names]")) look(event.target);
  });
  document.addEventListener("focusout", (event) => { if (at && event.target === at.area) close(); });
  document.addEventListener("pointerdown", (event) => {
    const row = at && event.target.closest('[data-names-list] [role="option"]');
    if (!row) return;
    event.preventDefault(); /* the text keeps the focus */
    choose(row.textContent);
  });
  document.addEventListener("keydown", (event) => {
    if (!at || event.target !== at.area || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) mark(at.chosen + by);
    else if (event.key === "Enter" || event.key === "Tab") choose(at.names[at.chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
})();

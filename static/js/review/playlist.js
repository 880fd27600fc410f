/* The takes of a playlist are dragged to their places; the buttons do the same. */
(() => {
  "use strict";
  const items = () => document.querySelector("[data-playlist]");
  if (!items()) return;
  let dragged = null;

  function ready() {
    if (!items()) return;
    for (const one of items().children) one.draggable = true;
  }

  const itemAt = (event) => event.target.closest && event.target.closest("[data-playlist] > [data-take]");
  const mark = (item) => {
    for (const one of document.querySelectorAll(".playlist-item.is-over")) one.classList.toggle("is-over", one === item);
    if (item) item.classList.add("is-over");
  };

  document.addEventListener("dragstart", (event) => {
    dragged = itemAt(event);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", `#${dragged.dataset.take}`);
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const item = dragged && itemAt(event);
    if (!item) return;
    event.preventDefault();
    mark(item === dragged ? null : item);
  });
  document.addEventListener("drop", (event) => {
    const item = dragged && itemAt(event);
    if (!item) return;
    event.preventDefault();
    if (item === dragged) return;
    const values = { take: dragged.dataset.take, to: item.dataset.take };
    window.rushes.request("playlist", { method: "POST", address: items().dataset.playlist, target: "#playlist-items", values });
  });
  document.addEventListener("dragend", () => {
    if (dragged) dragged.classList.remove("is-dragged");
    dragged = null;
    mark(null);
  });
  document.addEventListener("htmx:afterSettle", ready);
  ready();
})();

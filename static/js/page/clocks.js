/* Clocks: <time data-since="2026-11-21T10:00:00+00:00"> counts up by itself, written as the server writes it. */
(() => {
  "use strict";
  const two = (number) => String(number).padStart(2, "0");
  function tick() {
    for (const clock of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
      const minutes = Math.floor(seconds / 60);
      const text = seconds < 60 ? `${seconds} s`
        : minutes < 60 ? `${minutes} min ${two(seconds % 60)} s`
        : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
      if (clock.textContent !== text) clock.textContent = text;
    }
  }
  setInterval(tick, 1000);
})();

/* The stage's state in the page's address (data-keeps-address): ?mode=wipe&on=2&with=1&at=90&in=10&out=40. A bookmark opens
   the same comparison at the same frame. `on` and `with` count clips from 1. */
(() => {
  "use strict";
  const WRITES_AFTER_MS = 250;
  const whole = (text) => (/^\d{1,7}$/.test(text || "") ? Number(text) : null);

  function address(stage) {
    const { element } = stage;
    if (!("keepsAddress" in element.dataset)) return;
    let timer = 0;

    function read() {
      const said = new URLSearchParams(location.search);
      const [on, against] = [whole(said.get("on")), whole(said.get("with"))];
      if (on) stage.choose(on - 1);
      if (said.get("mode")) stage.setMode(said.get("mode"), against ? { against: against - 1 } : {});
      const [first, last, at] = [whole(said.get("in")), whole(said.get("out")), whole(said.get("at"))];
      if (first !== null && last !== null) stage.setRange(first, last);
      if (at !== null) stage.seek(at);
    }

    function write() {
      const url = new URL(location.href);
      const [first, last] = stage.range || [null, null];
      const isPair = window.rushes.stage.PAIRS.includes(stage.mode);
      const values = {
        mode: stage.mode === "single" ? null : stage.mode,
        on: stage.clips.length > 1 ? stage.leadIndex + 1 : null,
        with: isPair ? stage.against + 1 : null,
        at: stage.frame || null,
        in: first,
        out: last,
      };
      for (const [name, value] of Object.entries(values)) {
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      url.search = url.search.replaceAll("%2C", ","); /* takes=41,42 */
      if (url.href !== location.href) history.replaceState(history.state, "", url);
    }

    /* Browsers take only so many changes a second, and none while it plays. */
    function soon() {
      clearTimeout(timer);
      timer = setTimeout(() => { if (!stage.isPlaying && element.isConnected) write(); }, WRITES_AFTER_MS);
    }

    read();
    for (const name of ["frame", "mode", "clip", "range", "playing"]) element.addEventListener(`rushes:${name}`, soon);
  }

  window.rushes.stage.parts.push(address);

  /* The last of the stage's parts: now all of them are there. */
  window.rushes.stage.start(document);
})();

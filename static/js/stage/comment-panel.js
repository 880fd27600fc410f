/* A discussion's panel that is drawn anew piece by piece: what has not changed, and what is being typed, stays as it is.
   Markup: templates/review/; a piece has a name and, where it is changed as a whole, a version.

   window.rushes.talk -> {panels(), panelOf(element), composerOf(panel), threadOf(panel, id), stageHere(), leadPanel(),
   parsed(html), draw(panel, html, the form that was sent), look(panel)}; forms and opening add theirs. */
(() => {
  "use strict";
  const asked = new WeakSet(); /* panels that are being looked at again */
  const again = new WeakSet(); /* and those of them that have changed meanwhile */

  const panels = () => [...document.querySelectorAll("[data-talk]")];
  const panelOf = (element) => element.closest("[data-talk]");
  const composerOf = (panel) => panel && panel.querySelector("[data-composer]");
  const threadOf = (panel, id) => panel.querySelector(`[data-thread="${id}"]`);
  const stageHere = () => window.rushes.stage.of(document.body);
  const numberOf = (clip) => (clip && clip.take ? String(clip.take.number) : "");

  /* The discussion of the take that leads. */
  function leadPanel() {
    const stage = stageHere();
    const number = stage && numberOf(stage.lead);
    return number ? panels().find((one) => one.dataset.talk === number) : undefined;
  }

  /* Where a panel's take is on the stage; -1 where it is not. */
  function placeOnStage(panel) {
    const stage = stageHere();
    return stage ? stage.clips.findIndex((clip) => numberOf(clip) === panel.dataset.talk) : -1;
  }

  const pieces = (box) => [...box.children].filter((one) => "piece" in one.dataset);
  const isTyped = (area) => area.value !== area.defaultValue;

  function isBusy(piece) {
    const areas = [...piece.querySelectorAll("textarea")];
    return piece.contains(document.activeElement) && document.activeElement.matches("textarea, input") || areas.some(isTyped) || Boolean(piece.querySelector("[data-edit][data-changed]"));
  }

  /* Of a piece whose version is not told: its words, without what is another each time. */
  const versionOf = (piece) => piece.dataset.version || piece.innerHTML.replace(/value="\w{64}"/g, "");

  function times(old, fresh) {
    const now = fresh.querySelectorAll("time");
    old.querySelectorAll("time").forEach((time, at) => {
      if (now[at] && now[at].dateTime === time.dateTime && now[at].textContent !== time.textContent) time.textContent = now[at].textContent;
    });
  }

  /* Returns whether something had to stay as it was. */
  function renew(old, fresh, sent) {
    if ("version" in old.dataset) {
      const isSent = Boolean(sent) && old.contains(sent);
      if (!isSent && versionOf(old) === versionOf(fresh)) { times(old, fresh); return false; }
      if (!isSent && isBusy(old)) return true;
      old.replaceWith(fresh);
      return false;
    }
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    return renewPieces(old, fresh, sent);
  }

  function renewPieces(box, fresh, sent) {
    const known = new Map(pieces(box).map((one) => [one.dataset.piece, one]));
    let place = box.firstElementChild;
    let waits = false;
    for (const piece of pieces(fresh)) {
      const old = known.get(piece.dataset.piece);
      known.delete(piece.dataset.piece);
      if (!old) { box.insertBefore(piece, place); continue; }
      if (old === place) place = place.nextElementSibling;
      else box.insertBefore(old, place);
      waits = renew(old, piece, sent) || waits;
    }
    for (const gone of known.values()) if (isBusy(gone)) waits = true; else gone.remove();
    return waits;
  }

  function parsed(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    return page.querySelector("[data-talk]");
  }

  function draw(panel, html, sent = null) {
    const fresh = parsed(html);
    if (!fresh || !panel.isConnected) return;
    const { shows, opened } = panel.dataset;
    Object.assign(fresh.dataset, { shows, known: "yes" });
    if (opened) fresh.dataset.opened = opened;
    panel.toggleAttribute("data-waits", renew(panel, fresh, sent));
    window.rushes.talk.begin(panel);
  }

  async function look(panel) {
    if (asked.has(panel)) { again.add(panel); return; }
    asked.add(panel);
    try {
      const answer = await fetch(panel.dataset.url, { headers: { "HX-Request": "true" } });
      if (answer.ok && !answer.redirected) draw(panel, await answer.text());
    } catch { /* no connection: looked at again with the next news */ } finally {
      asked.delete(panel);
      if (again.delete(panel)) look(panel);
    }
  }

  document.addEventListener("rushes:talks", (event) => {
    for (const panel of panels()) {
      const stamp = event.detail[panel.dataset.talk];
      if (stamp && stamp !== panel.dataset.stamp) look(panel);
    }
  });
  document.addEventListener("focusout", (event) => {
    const panel = event.target.closest && event.target.closest("[data-talk][data-waits]");
    if (panel) setTimeout(() => look(panel), 0);
  });

  window.rushes.talk = { panels, panelOf, composerOf, threadOf, stageHere, leadPanel, placeOnStage, parsed, draw, look };
})();

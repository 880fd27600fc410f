/* Discussions of takes, beside a stage that shows them: a comment opens its frame with its drawing, marks stand on the time
   line, what others say comes by itself, and a place holds the discussion of whatever take leads ([data-talk-place]) or of
   one that is named ([data-talk-of]). */
(() => {
  "use strict";
  const { talk } = window.rushes;
  const { panels, panelOf, leadPanel, stageHere, placeOnStage, threadOf, parsed } = talk;
  const placeHere = () => document.querySelector("[data-talk-place]");

  /* -- a comment is opened: its frame, and its drawing over the picture -- */

  const frameOf = (text) => (text === undefined || text === "" ? null : Number(text));

  function openComment(thread, { isSeen = false } = {}) {
    const panel = panelOf(thread);
    const stage = stageHere();
    for (const one of document.querySelectorAll("[data-thread][aria-current]")) one.removeAttribute("aria-current");
    thread.setAttribute("aria-current", "true");
    for (const one of panels()) delete one.dataset.opened;
    panel.dataset.opened = thread.dataset.thread;
    if (isSeen) thread.scrollIntoView({ block: "nearest" });
    const at = placeOnStage(panel);
    if (at < 0) return;
    if (stage.ink.isDrawing) stage.ink.end();
    if (at !== stage.leadIndex) stage.choose(at);
    stage.pause();
    const first = frameOf(thread.dataset.first);
    if (first !== null) stage.seek(first);
    showDrawing(stage, panel, thread);
    if (!isSeen) stage.element.querySelector("[data-picture]").scrollIntoView({ block: "nearest" });
  }

  function showDrawing(stage, panel, thread) {
    const { drawing, first, last } = thread.dataset;
    const shapes = drawing ? JSON.parse(drawing) : [];
    stage.ink.show({ take: panel.dataset.talk, first: Number(first), last: Number(last), shapes });
  }

  document.addEventListener("rushes:remark", (event) => {
    const panel = leadPanel();
    const { ids } = event.detail;
    const next = panel && ids[(ids.indexOf(panel.dataset.opened) + 1) % ids.length];
    const thread = next && threadOf(panel, next);
    if (!thread) return;
    showPlace(true);
    openComment(thread, { isSeen: true });
  });

  /* -- marks on the time line: those of the take that leads -- */

  function toneOf(thread) {
    if (thread.classList.contains("is-settled")) return "resolved";
    return thread.classList.contains("is-carried") ? "carried" : "open";
  }

  function marks() {
    const stage = stageHere();
    const { timeline } = window.rushes; /* not there yet while a stage begins with what its address says */
    const line = stage && timeline && timeline.of(stage.element);
    if (!line || !line.remarks) return;
    const panel = leadPanel();
    const threads = panel ? [...panel.querySelectorAll("[data-thread][data-first]")] : [];
    const shown = threads.filter((one) => panel.dataset.shows === "all" || toneOf(one) !== "resolved");
    line.remarks.show(shown.map((one) => ({
      id: one.dataset.thread, first: Number(one.dataset.first), last: Number(one.dataset.last), tone: toneOf(one), by: one.dataset.by,
    })));
  }

  document.addEventListener("click", (event) => {
    const is = (what) => event.target.closest(what);
    const shows = is("[data-talk-shows]");
    if (is("[data-open-comment]")) openComment(is("[data-thread]"));
    else if (is("[data-talk-open]")) showPlace(placeHere().hidden);
    else if (is("[data-talk-close]")) showPlace(false);
    else if (shows) { event.preventDefault(); show(panelOf(shows), shows.dataset.talkShows); }
  });

  function show(panel, what) {
    panel.dataset.shows = what;
    tellShown(panel);
    marks();
  }

  function tellShown(panel) {
    for (const one of panel.querySelectorAll("[data-talk-shows]")) {
      if (one.dataset.talkShows === panel.dataset.shows) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  }

  /* -- a place that holds the discussion of the take that leads; a button opens it -- */

  function showPlace(is) {
    const place = placeHere();
    if (!place || !place.querySelector("[data-talk]") && is) return;
    place.hidden = !is;
    if (is) bringIntoSight(place);
    tellPlace();
  }

  /* On a phone it is above or below what is seen. */
  function bringIntoSight(place) {
    const { top } = place.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight * 0.75) place.scrollIntoView({ block: "start" });
  }

  function tellPlace() {
    const place = placeHere();
    const panel = place && place.querySelector("[data-talk]");
    for (const button of document.querySelectorAll("[data-talk-open]")) {
      button.disabled = !panel;
      button.setAttribute("aria-expanded", String(Boolean(place && !place.hidden)));
      button.querySelector("[data-talk-count]").textContent = panel && panel.dataset.open !== "0" ? panel.dataset.open : "";
    }
  }

  async function fill(place, address) {
    if (place.dataset.from === address) return;
    place.dataset.from = address;
    const box = place.querySelector("[data-talk-here]");
    box.replaceChildren();
    marks();
    tellPlace();
    if (!address) { place.hidden = true; return; }
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    const html = answer && answer.ok && !answer.redirected ? await answer.text() : "";
    const panel = html && place.dataset.from === address ? parsed(html) : null;
    if (!panel) { if (place.dataset.from === address && !html) delete place.dataset.from; return; }
    box.replaceChildren(panel);
    begin(panel);
  }

  function fillPlaces() {
    const stage = stageHere();
    for (const place of document.querySelectorAll("[data-talk-of]")) fill(place, place.dataset.talkOf);
    const place = placeHere();
    if (place && stage) fill(place, stage.lead.take ? stage.lead.take.talk : "");
  }

  /* -- a panel begins, and what is on the stage changes -- */

  function begin(panel) {
    tellShown(panel);
    const open = panel.dataset.opened && threadOf(panel, panel.dataset.opened);
    if (open) open.setAttribute("aria-current", "true");
    talk.ready(panel);
    marks();
    tellPlace();
  }

  function openNamed() {
    const named = /^#comment-(\d+)$/.exec(location.hash);
    const said = named && document.getElementById(`comment-${named[1]}`);
    const thread = said && said.closest("[data-thread]");
    if (!thread) return;
    if (thread.classList.contains("is-settled")) show(panelOf(thread), "all");
    openComment(thread, { isSeen: true });
  }
  window.addEventListener("hashchange", openNamed);

  window.rushes.stage.parts.push((stage) => {
    stage.comment = () => talk.comment(stage);
    stage.element.addEventListener("rushes:frame", talk.follow);
    stage.element.addEventListener("rushes:clip", () => { stage.ink.show(null); fillPlaces(); marks(); talk.follow(); });
    queueMicrotask(() => { fillPlaces(); marks(); talk.follow(); });
  });

  document.addEventListener("htmx:load", () => { for (const panel of panels()) if (!panel.dataset.known) start(panel); });
  function start(panel) {
    panel.dataset.known = "yes";
    begin(panel);
  }
  document.addEventListener("DOMContentLoaded", () => {
    for (const panel of panels()) if (!panel.dataset.known) start(panel);
    fillPlaces();
    openNamed();
  });

  Object.assign(talk, { begin, showPlace, openComment });
})();

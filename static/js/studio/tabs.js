/* The source and its takes as tabs of one stage. A take that is done opens by itself, unless the person is doing
   something; "Edit this" makes it the source without leaving the page. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const studio = window.rushes.studio;
  const { form, $, all } = studio;
  const QUIET_MS = 5000; /* so long after the last key is the person still typing */
  const SOURCE = "source";
  let current = SOURCE;
  let tones = new Map(); /* how each tab's take stood when it was last seen */
  const fresh = new Set(); /* done, and not looked at yet */
  const seen = new Set(); /* looked at: they share the stage, so that they can be compared */
  let typedAt = -QUIET_MS;
  let isHolding = false;
  let address = location.search;

  const tabs = () => all("[data-tab]");
  const tabOf = (name) => tabs().find((one) => one.dataset.tab === name);
  const clipOf = (tab) => (tab && tab.dataset.clip ? JSON.parse(tab.dataset.clip) : null);
  const stage = () => {
    const box = $("[data-stage]");
    return box && window.rushes.stage.of(box);
  };
  const panel = () => document.getElementById("take-panel");

  /* Is the person in the middle of something that a new picture would disturb? */
  function isBusy() {
    const prompt = $("#prompt");
    const isInPrompt = document.activeElement === prompt;
    /* Marked as a whole it is by the page itself: after queueing, and by "Edit this". */
    const isWhole = isInPrompt && prompt.selectionStart === 0 && prompt.selectionEnd === prompt.value.length;
    const hasMarked = !isWhole && (String(getSelection()) || (isInPrompt && prompt.selectionStart !== prompt.selectionEnd));
    const isOpen = document.querySelector("dialog[open], .pop[open], .menu[open], :popover-open, .area-bin.is-open");
    const plays = all("[data-stage] video").some((one) => !one.paused);
    return performance.now() - typedAt < QUIET_MS || isHolding || Boolean(hasMarked || isOpen || plays);
  }

  function mark() {
    for (const tab of tabs()) {
      const isCurrent = tab.dataset.tab === current;
      if (isCurrent) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
      tab.toggleAttribute("data-new", fresh.has(tab.dataset.tab)); /* no class: htmx settles those of its own answer */
    }
    const tab = tabOf(current);
    if (tab) reveal(tab);
    for (const one of all("[data-under]")) one.hidden = (one.dataset.under === SOURCE) !== (current === SOURCE);
    if (tab && current !== SOURCE) describe(tab);
  }

  /* Scrolls sideways only: nothing else on the page moves. */
  function reveal(tab) {
    const row = tab.parentElement;
    const left = tab.offsetLeft;
    if (left < row.scrollLeft || left + tab.offsetWidth > row.scrollLeft + row.clientWidth) row.scrollLeft = left - 24;
  }

  function describe(tab) {
    const name = $("[data-take-name]");
    if (!name) return;
    name.textContent = `#${tab.dataset.tab} ${tab.dataset.says}`;
    $("[data-take-page]").href = tab.href;
    $("[data-edit-this]").hidden = !tab.hasAttribute("data-can-edit");
    form.dispatchEvent(new CustomEvent("rushes:described", { detail: { tab } }));
  }

  function hidePanel() {
    if (!panel() || panel().hidden) return;
    const empty = document.createElement("section");
    Object.assign(empty, { id: "take-panel", className: "area-take", hidden: true });
    empty.setAttribute("aria-label", "Take");
    panel().replaceWith(empty);
  }

  function showPanel(tab) {
    if (panel().dataset.take === tab.dataset.tab) return;
    const name = tab.dataset.tab;
    window.rushes.request("panel", { address: tab.dataset.panel, target: "#take-panel", isWanted: () => current === name });
  }

  function show(name) {
    const tab = tabOf(name);
    if (!tab) return;
    current = name;
    fresh.delete(name);
    mark();
    if (!clipOf(tab)) { showPanel(tab); return; }
    hidePanel();
    for (const told of document.querySelectorAll(`.toasts [data-take="${name}"]`)) told.parentElement.remove();
    seen.add(name);
    fill();
  }

  const nameOf = (clip) => (clip.take ? String(clip.take.number) : SOURCE);

  /* The source and what was looked at share the stage, the newest of them where they are too many; the tab leads. */
  function fill() {
    const shared = stage();
    if (!shared) return;
    const names = tabs().map((tab) => tab.dataset.tab).filter((one) => one === SOURCE || one === current || seen.has(one));
    const spare = names.length - window.rushes.stage.MOST;
    const kept = names.filter((one, at) => one === SOURCE || one === current || at > spare);
    const clips = kept.map((one) => clipOf(tabOf(one))).filter(Boolean);
    const lead = clips.findIndex((one) => nameOf(one) === current);
    const isSame = clips.length === shared.clips.length && clips.every((one, at) => nameOf(one) === nameOf(shared.clips[at]));
    if (!isSame) shared.show(clips, { mode: shared.mode, lead });
    else if (clips.some((one, at) => one.src !== shared.clips[at].src)) renew(shared, clips, lead);
    else shared.choose(lead);
  }

  /* The same clips from other files: with sound or without, or a copy that browsers play. */
  function renew(shared, clips, lead) {
    const { mode, against, isPlaying } = shared;
    shared.show(clips, { mode, lead, against });
    if (isPlaying) shared.play();
  }

  /* The stage's own keys choose, too. */
  form.addEventListener("rushes:clip", (event) => {
    const name = nameOf(event.detail.clip);
    if (name === current || !tabOf(name) || !panel().hidden) return;
    current = name;
    mark();
  });

  /* The tabs came anew: what is done since then opens, or is marked. */
  function refresh() {
    const before = tones;
    tones = new Map(tabs().map((tab) => [tab.dataset.tab, tab.dataset.clip ? "done" : tab.dataset.tone]));
    if (!tabOf(current)) current = SOURCE;
    const done = [...tones].filter(([name, tone]) => tone === "done" && before.has(name) && before.get(name) !== "done").map(([name]) => name);
    for (const name of done) fresh.add(name);
    mark();
    const newest = done[done.length - 1];
    if (newest && (current === newest || !isBusy())) show(newest);
    else if (seen.size && clipOf(tabOf(current))) fill();
  }

  /* Another source: its own tabs, and the stage shows it already. */
  function begin() {
    const onStage = tabs().find((tab) => tab.hasAttribute("aria-current"));
    const newest = tabs().filter((tab) => tab.dataset.clip).pop();
    current = onStage ? onStage.dataset.tab : newest ? newest.dataset.tab : SOURCE;
    fresh.clear();
    seen.clear();
    tones = new Map(tabs().map((tab) => [tab.dataset.tab, tab.dataset.clip ? "done" : tab.dataset.tone]));
    hidePanel();
    mark();
  }

  /* The take on the stage becomes the source; the words stay, marked, to be typed over. */
  function editThis() {
    const tab = tabOf(current);
    if (!tab || !tab.hasAttribute("data-can-edit")) return;
    const clip = clipOf(tab);
    const number = tab.dataset.tab;
    const tile = { id: number, name: `#${number} ${tab.dataset.says}`, poster_url: clip.poster, duration_seconds: clip.seconds };
    studio.addTile($('[data-reel="source_generation"]'), "source_generation", tile).checked = true;
    studio.set("source_kind", ["generation"]);
    if (studio.radio("task") === "generate") {
      studio.rearrange({ extra: { task: "edit", source_kind: "generation", source_generation: number } });
    } else {
      studio.showSource();
      studio.recheck();
    }
    history.pushState(history.state, "", `${form.dataset.pageUrl}?generation=${number}`);
    address = location.search;
    const prompt = $("#prompt");
    prompt.focus({ preventScroll: true });
    prompt.select();
  }

  form.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tab]");
    if (tab && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(tab.dataset.tab);
    }
    if (event.target.closest("[data-edit-this]")) editThis();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".toasts a[data-take]");
    if (!link || !tabOf(link.dataset.take)) return;
    event.preventDefault();
    show(link.dataset.take);
  });
  document.addEventListener("keydown", (event) => {
    const isField = event.target.matches("input, textarea, select") || event.target.isContentEditable;
    if (isField && !event.target.matches("[type=range], [type=radio], [type=checkbox]")) {
      if (event.key !== "Escape") typedAt = performance.now();
      else if (event.target.id === "prompt") ($("[data-strip]") || event.target).focus();
      return;
    }
    if (event.key.toLowerCase() !== "e" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("dialog[open]")) return;
    if (current === SOURCE) return;
    event.preventDefault();
    editThis();
  });
  form.addEventListener("input", () => { typedAt = performance.now(); });
  document.addEventListener("pointerdown", () => { isHolding = true; }, true);
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { isHolding = false; }, true);

  document.addEventListener("htmx:afterSwap", (event) => {
    const { id } = event.detail.target;
    if (id === "takes") refresh();
    if (id === "viewer") begin();
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const { id } = event.detail.target;
    if (id === "takes") refresh();
    if (id === "viewer") begin();
  });
  document.addEventListener("rushes:queued", (event) => {
    const tab = tabOf(String(event.detail.take));
    if (tab) reveal(tab);
  });
  window.addEventListener("popstate", () => { if (location.search !== address) location.reload(); });

  begin();
  if (matchMedia("(pointer: fine)").matches && !location.hash && document.activeElement === document.body && $("[data-stage]")) {
    $("#prompt").focus({ preventScroll: true });
  }
  Object.assign(studio, { showTab: show, editThis });
})();

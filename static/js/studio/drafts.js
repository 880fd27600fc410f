/* Drafts: what is typed is kept on the server, for this person and this source. What a page opens with stands in it
   already (web/studio/opening_form.py); here it is only sent, on every pause and before the page is left.

   Another source brings its own draft: the server answers with that (web/studio/following.py). Where another tab has
   saved since, both versions are kept, and the person says which one counts. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { csrf, toast } = window.rushes;
  const { form, $, fields, radio, set, entries, rearrange } = window.rushes.studio;
  const url = form.dataset.draftUrl; /* none for who may not create */
  const PAUSE = 400; /* ms */
  const AFTER_PAINT = 50; /* ms */
  const LEFT = "rushes:left"; /* what was typed in the last moment: its save may come after the next page */
  const LONGEST = 60_000; /* bytes that a browser still sends when a page is left */
  const OF_PAGE = ["form_token", "replaces", "draft_revision", "draft_page"];
  const OPENS = ["source", "generation", "again", "replace", "task", "account", "model", "frames", "extend_generation", "guide_asset", "guides", "prompt"];
  let kept = ""; /* what the server holds, as `said` writes it */
  let timer = 0;
  let saving = null; /* the save on its way */
  let stops = null;
  let isFollowing = false;
  let isOver = false; /* the next save counts, whatever was there */

  const value = (name) => (fields(name)[0] || { value: "" }).value;
  const said = (values) => JSON.stringify([...values].filter(([name]) => !OF_PAGE.includes(name)).sort());

  /* Which source is chosen, as DraftForm.source_key. */
  function chosen() {
    const kind = radio("source_kind");
    const isOurs = kind === "asset" || kind === "generation";
    const which = isOurs ? radio(`source_${kind}`) : value(`source_${kind}`);
    return which && (isOurs ? `${kind}:${which}` : kind);
  }

  /* Where this form's draft is kept, as DraftVersion.place. */
  const draftPlace = () => `${value("draft_way")}|${value("draft_way") === "generate" ? "" : chosen()}`;
  window.rushes.studio.draftPlace = draftPlace;

  function isElsewhere() {
    const key = chosen();
    const pinned = value("pinned_to");
    if (key && !pinned) set("pinned_to", [key]);
    return radio("task") !== "generate" && Boolean(key && pinned && key !== pinned);
  }

  function body(values, { over = false } = {}) {
    const sent = new URLSearchParams();
    for (const [name, all] of values) for (const one of all) sent.append(name, one);
    if (over) sent.set("draft_over", "1");
    return sent;
  }

  const send = (sent, more) => fetch(url, { method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" }, body: sent, ...more });

  function tell(text) {
    const state = $("[data-draft-state]");
    if (state) state.textContent = [state.dataset.walked, text].filter(Boolean).join(" · ");
  }

  /* One line about what was left behind, brought back or changed elsewhere; with ways to have it otherwise. */
  function say(text, ways = []) {
    const box = $("[data-draft-note]");
    if (!box) return;
    box.hidden = !text;
    box.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
    for (const [label, act] of [...ways, ["Close", () => {}]]) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: label });
      button.addEventListener("click", () => { say(""); act(); });
      box.append(button);
    }
  }

  /* Not while a letter waits to be painted: to read the whole form lays the page out. */
  function later() {
    clearTimeout(timer);
    if (url) timer = setTimeout(look, AFTER_PAINT);
  }

  function look() {
    if (said(entries()) === kept && !isOver) return;
    tell("Keeping …");
    timer = setTimeout(save, PAUSE - AFTER_PAINT);
  }

  async function save() {
    clearTimeout(timer);
    while (saving) await saving;
    if (isFollowing || (said(entries()) === kept && !isOver)) return;
    saving = keep(entries(), isOver).finally(() => { saving = null; });
    await saving;
  }

  async function keep(values, over) {
    stops = new AbortController();
    const answer = await send(body(values, { over }), { signal: stops.signal }).catch(() => null);
    const told = answer && await answer.json().catch(() => null);
    if (!answer || !answer.ok || !told) {
      tell("Draft not kept");
      if (told && told.message) toast(told.message, { bad: true });
      return;
    }
    kept = said(values);
    if (told.newer) differs(told.newer);
    else took(told);
  }

  function took({ revision }) {
    isOver = false;
    set("draft_revision", [String(revision)]);
    tell("Saved");
    showAddress();
  }

  /* The address opens this draft: so a reload comes back to it, whatever another tab is at. */
  function showAddress(way = value("draft_way")) {
    const [kind, pk] = chosen().split(":");
    const query = new URLSearchParams(way.includes(":") ? [way.split(":")] : []);
    if (!way && kind === "asset") query.set("source", pk);
    if (!way && kind === "generation") query.set("generation", pk);
    if (way === "generate" || (!way && radio("task") === "generate")) query.set("task", "generate");
    for (const [name, one] of new URLSearchParams(location.search)) if (!OPENS.includes(name)) query.append(name, one);
    const asked = query.size ? `?${query}` : "";
    if (asked !== location.search) history.replaceState(history.state, "", `${location.pathname}${asked}${location.hash}`);
  }

  /* Another tab has saved since: this version lies beside it until the person says which one counts. */
  function differs({ pk, text }) {
    tell("Two versions");
    say(text, [
      ["Use that one", () => rearrange({ extra: { mend: `draft_all=${pk}` } })],
      ["Keep this one", () => { isOver = true; save(); }],
    ]);
  }

  /* Another source was chosen: its own draft comes, with a word about what stays behind. */
  async function follow() {
    if (isFollowing) return;
    isFollowing = true;
    clearTimeout(timer);
    showAddress(value("draft_way").startsWith("replace:") ? value("draft_way") : "");
    while (saving) await saving;
    rearrange();
  }

  form.addEventListener("rushes:changed", () => {
    if (isElsewhere()) { follow(); return; }
    if (!isFollowing) later();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target && event.detail.target.id === "pane-form") isFollowing = false;
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { target, successful } = event.detail;
    if (target && target.id === "pane-form" && !successful) isFollowing = false;
  });

  function nameOf(source) {
    const [, pk] = source.split(":");
    const input = fields("source_asset").find((one) => one.value === pk);
    const name = input && input.closest("label") && $(".tile-name", input.closest("label"));
    return name ? name.textContent.trim() : "the longer clip";
  }

  /* A cut is the same clip, shorter: its guide frames go along, and those outside of it stay with the longer one.
     Heard before guides.js moves them. */
  form.addEventListener("rushes:cut", () => {
    const before = entries();
    const count = fields("keyframe_index").length;
    const longer = nameOf(value("pinned_to"));
    if (url) saving = (saving || Promise.resolve()).then(() => send(body(before))).catch(() => {}).finally(() => { saving = null; });
    set("pinned_to", [chosen()]);
    if (!value("draft_way").startsWith("replace:")) set("draft_way", [""]);
    set("draft_revision", ["0"]);
    isOver = true;
    showAddress();
    queueMicrotask(() => {
      const outside = count - fields("keyframe_index").length;
      if (outside > 0) say(`${outside === 1 ? "1 guide frame outside of the cut stays" : `${outside} guide frames outside of the cut stay`} with ${longer}.`);
    });
  }, true);

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-draft-close]")) say("");
  });

  /* The page is left: what is not kept yet goes along. */
  function leave() {
    clearTimeout(timer);
    const values = entries();
    if (!url || isFollowing || said(values) === kept) return;
    if (stops) stops.abort();
    const sent = body(values, { over: isOver });
    sessionStorage.setItem(LEFT, JSON.stringify({ at: Date.now(), values: [...values] }));
    send(sent, { keepalive: String(sent).length < LONGEST }).catch(() => {});
    kept = said(values);
  }
  window.addEventListener("beforeunload", leave);
  window.addEventListener("pagehide", leave);
  document.addEventListener("rushes:leaving", leave);

  /* What was typed in the last moment before this page was asked for, where it is not in it. */
  function bringLast() {
    const left = JSON.parse(sessionStorage.getItem(LEFT) || "null");
    sessionStorage.removeItem(LEFT);
    if (!left || Date.now() - left.at > 10_000) return;
    const values = new Map(left.values);
    const now = entries();
    for (const name of [...OF_PAGE, "pinned_to"]) {
      if (now.has(name)) values.set(name, now.get(name));
      else values.delete(name);
    }
    const isHere = ["draft_way", "source_kind", "source_asset", "source_generation"].every((name) => said([[name, now.get(name)]]) === said([[name, values.get(name)]]));
    if (isHere && said(values) !== said(now)) rearrange({ whole: values });
  }

  document.addEventListener("DOMContentLoaded", () => { /* htmx listens from this event on */
    kept = said(entries());
    if (!url) return;
    if (form.hasAttribute("data-typed")) { kept = ""; later(); return; }
    bringLast();
  });
})();

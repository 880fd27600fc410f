/* Drafts: what is typed in the studio survives a reload and a sign-in, in this tab only.

   A draft belongs to its source, and to the address where that asks for more than a clip ("Edit this"). Another source
   leaves its guide frames behind and finds its own again; what was left, or brought back unasked, is said, with a way
   to have it otherwise. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, fields, radio, set, showSource, entries, rearrange, syncAll } = window.rushes.studio;
  const STORE = `rushes:studio:${form.dataset.draft}`;
  const MOST = 24; /* drafts in one tab */
  const SOURCE = /^source_/;
  const GUIDES = ["guides", "guide_asset", "keyframe_asset", "keyframe_index"];
  const OWN = ["form_token", "replaces"]; /* of one showing of the page, never of a draft */
  const NAMED = ["generation", "again", "replace", "task", "account", "extend_generation", "guide_asset", "prompt"];

  const first = (values, name) => (values.get(name) || [""])[0];
  const only = (values, isWanted) => new Map([...values].filter(([name]) => isWanted(name)));
  const isSame = (one, other) => JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
  const isGuide = (name) => GUIDES.includes(name);
  const asked = () => new URLSearchParams(location.search);
  /* What the address asks for beside a clip, as the draft's own part of it. */
  const address = () => (NAMED.some((name) => asked().has(name)) ? location.search : "");

  /* Which source a form has; "" while none is chosen. */
  function sourceOf(values) {
    const kind = first(values, "source_kind");
    const said = first(values, `source_${kind}`);
    return said && (kind === "asset" || kind === "generation" ? `${kind}:${said}` : kind);
  }

  function withSource(values, source) {
    const [kind, pk] = source.split(":");
    const found = new Map(values).set("source_kind", [kind]);
    return pk ? found.set(`source_${kind}`, [pk]) : found;
  }

  function nameOf(source) {
    const [kind, pk] = source.split(":");
    if (kind === "generation") return `take ${pk}`;
    const input = kind === "asset" && fields("source_asset").find((one) => one.value === pk);
    return input ? $(".tile-name", input.closest(".tile")).textContent.trim() : "the clip before";
  }

  /* What is kept: {last: key, drafts: {key: {at, address, source, values}}}. */
  function read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORE));
      return kept && kept.drafts ? kept : { last: "", drafts: {} };
    } catch { return { last: "", drafts: {} }; }
  }

  function keep(values, source) {
    const kept = read();
    const belongs = first(values, "task") === "generate" ? "generate" : source;
    const key = `${address()}|${belongs}`;
    const said = only(values, (name) => !OWN.includes(name));
    kept.drafts[key] = { at: Date.now(), address: address(), source: belongs, values: [...said] };
    kept.last = key;
    const oldest = Object.keys(kept.drafts).sort((one, other) => kept.drafts[one].at - kept.drafts[other].at);
    for (const one of oldest.slice(0, -MOST)) delete kept.drafts[one];
    try {
      sessionStorage.setItem(STORE, JSON.stringify(kept));
    } catch { /* full or forbidden: the page works without */ }
  }

  const valuesOf = (draft) => (draft ? new Map(draft.values) : null);
  function newest(isWanted) {
    const found = Object.values(read().drafts).filter(isWanted).sort((one, other) => other.at - one.at);
    return valuesOf(found[0]);
  }

  /* One line about what was left behind or brought back, with ways to have it otherwise. */
  function say(sentences, ways = []) {
    const box = $("[data-draft-note]");
    box.replaceChildren();
    box.hidden = !sentences.length;
    if (box.hidden) return;
    box.append(Object.assign(document.createElement("span"), { textContent: sentences.join(" ") }));
    for (const [label, act] of [...ways, ["Close", () => {}]]) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: label });
      button.addEventListener("click", () => { say([]); act(); });
      box.append(button);
    }
  }

  /* Put other values into the form; what they replace can be had back. */
  function exchange(values, said) {
    const before = entries();
    rearrange({ whole: new Map([...before, ...values]) });
    say([said], [["Undo", () => rearrange({ whole: before })]]);
  }

  function guidesOf(values) {
    return only(values, isGuide);
  }

  function countOf(values) {
    return (values.get("keyframe_asset") || []).length + (first(values, "guides") === "single" && first(values, "guide_asset") ? 1 : 0);
  }

  const guideFrames = (count) => (count === 1 ? "1 guide frame" : `${count} guide frames`);
  const stays = (count, where = "") => `${guideFrames(count)} ${where}${count === 1 ? "stays" : "stay"}`;
  const quoted = (words) => `“${words.length > 60 ? `${words.slice(0, 60)}…` : words}”`;

  function leaveGuides() {
    for (const one of [...fields("keyframe_asset"), ...fields("keyframe_index")]) (one.closest("[data-keyframe]") || one).remove();
    for (const one of fields("guide_asset")) {
      if (one.type === "radio") one.checked = false;
      else one.remove();
    }
    set("guides", ["none"]);
    syncAll();
  }

  let at = sourceOf(entries()); /* the source that the guide frames in the form are of */
  let isCut = false;

  function save() {
    const to = radio("task") === "generate" ? at : sourceOf(entries()) || at;
    keep((at && to !== at && follow(to)) || entries(), to);
    at = to;
  }

  /* Another source was chosen. Its own draft comes back, or else the words go along; guide frames never do unasked.
     Returns what the form is to hold then, where that must be asked of the server first. */
  function follow(to) {
    const from = at;
    const own = newest((draft) => draft.source === to);
    if (!isCut) keep(withSource(entries(), from), from);
    const left = guidesOf(newest((draft) => draft.source === from));
    const has = countOf(entries());
    at = to;
    if (!asked().has("replace")) history.replaceState(history.state, "", location.pathname);
    if (isCut) {
      isCut = false;
      const outside = countOf(left) - has;
      say(outside > 0 ? [`${stays(outside, "outside of the cut ")} with ${nameOf(from)}.`] : []);
      return null;
    }
    leaveGuides();
    const now = entries();
    const words = own ? first(own, "prompt") : "";
    const sentences = [];
    const ways = [];
    if (countOf(left)) {
      sentences.push(`${stays(countOf(left))} with ${nameOf(from)}.`);
      ways.push([`Put ${countOf(left) === 1 ? "it" : "them"} on this clip, too`, () => exchange(left, `${guideFrames(countOf(left))} put on this clip.`)]);
    }
    if (words && words !== first(now, "prompt")) {
      sentences.push("What you had begun with this clip is back.");
      if (first(now, "prompt")) ways.push(["Use the words from before", () => exchange(only(now, (name) => name === "prompt"), "The words from before are used here, too.")]);
    } else if (own && countOf(own)) {
      sentences.push(`${guideFrames(countOf(own))} of this clip ${countOf(own) === 1 ? "is" : "are"} back.`);
    }
    say(sentences, ways);
    if (!own || !(words || countOf(own))) return null;
    const back = only(own, (name) => (words ? !SOURCE.test(name) && !OWN.includes(name) : isGuide(name)));
    const whole = new Map([...(words ? only(now, (name) => SOURCE.test(name) || OWN.includes(name)) : now), ...back]);
    rearrange({ whole });
    return whole;
  }

  /* The server shows the form of the draft, as for any other switch; only the source is chosen here. */
  function bringBack(draft) {
    const shown = entries();
    for (const [name, values] of draft) {
      if (SOURCE.test(name) && fields(name).some((one) => one.type !== "radio" || one.value === values[0])) set(name, values);
    }
    const now = entries();
    for (const [name, values] of now) if (SOURCE.test(name)) draft.set(name, values);
    for (const name of OWN) if (now.has(name)) draft.set(name, now.get(name));
    at = sourceOf(now);
    const isOther = !isSame(draft, now);
    const isMoved = !isSame(only(shown, (name) => SOURCE.test(name)), only(now, (name) => SOURCE.test(name)));
    if (isMoved) showSource();
    if (isMoved || isOther) rearrange({ whole: draft });
    return isMoved || isOther;
  }

  const isChoosable = (draft) => {
    const [kind, pk] = sourceOf(draft).split(":");
    return !pk || fields(`source_${kind}`).some((one) => one.value === pk);
  };
  const isWritten = (draft, shown) => (first(draft, "prompt") && first(draft, "prompt") !== first(shown, "prompt")) || (countOf(draft) && !isSame(guidesOf(draft), guidesOf(shown)));

  function restore() {
    const shown = entries();
    const kept = read();
    const last = valuesOf(kept.drafts[kept.last]);
    const isReload = (performance.getEntriesByType("navigation")[0] || {}).type === "reload";
    const ofSource = newest((draft) => draft.source === at);
    if (form.hasAttribute("data-typed")) return;
    if (!address() && !asked().has("source")) {
      if (last && isChoosable(last)) bringBack(last);
      else if (last) {
        const [kind, pk] = sourceOf(last).split(":");
        location.replace(`${location.pathname}?${kind === "asset" ? "source" : kind}=${pk}`);
      }
      return;
    }
    const found = address() ? newest((draft) => draft.address === address()) : ofSource;
    if (found && isChoosable(found)) {
      if (bringBack(found) && !isReload) say(["What you had begun here is back."], [["Start anew", () => exchange(shown, "Started anew.")]]);
    } else if (ofSource && isWritten(ofSource, shown)) {
      say([`You had begun something else with this source: ${quoted(first(ofSource, "prompt"))}.`], [["Bring it back", () => exchange(ofSource, "It is back.")]]);
    } else if (last && first(last, "prompt") && first(last, "prompt") !== first(shown, "prompt") && !address()) {
      const words = only(last, (name) => !SOURCE.test(name) && !isGuide(name));
      say([`Your words with ${nameOf(sourceOf(last))} stay with it: ${quoted(first(last, "prompt"))}.`], [["Use them here, too", () => exchange(words, "Words and settings are taken over.")]]);
    }
  }

  document.addEventListener("DOMContentLoaded", restore); /* htmx listens from this event on */
  form.addEventListener("rushes:changed", save);
  form.addEventListener("rushes:cut", () => { /* before guides.js moves the guide frames with the cut */
    keep(withSource(entries(), at), at);
    isCut = true;
  }, true);
  document.addEventListener("rushes:leaving", save);
})();

/* The studio's form: ways out applied in place, closed options, the one button, the source. The answers themselves come
   from the server (htmx, studio:check); nothing here knows a rule or a price.

   Its other scripts share window.rushes.studio, and hear "rushes:changed" on the form after each change of a value and
   "rushes:sync" when what is drawn from the values is to be drawn anew. */
(() => {
  "use strict";
  const form = document.querySelector("[data-studio]");
  if (!form) return;
  const { request, toast } = window.rushes;
  const $ = (selector, root = form) => root.querySelector(selector);
  const all = (selector, root = form) => [...root.querySelectorAll(selector)];
  const fields = (name) => all(`[name="${name}"]`);
  const radio = (name) => (fields(name).find((one) => one.checked) || { value: "" }).value;
  const player = () => window.rushes.stage.of($("[data-stage]"));
  const viewer = () => $("#viewer");
  /* Changes are counted, so that an answer to an older form does not pass for the newest. A newer check waits for the
     one on its way (hx-sync) instead of breaking it off: htmx logs each broken-off request as an error. */
  let changes = 0;
  let asked = 0;
  let answered = 0;
  /* Whole forms are counted, too: an answer about the form before this one says nothing of this one. */
  let panes = 0;
  let askedOf = 0;
  form.addEventListener("htmx:beforeSwap", (event) => { if (event.target === form && askedOf !== panes) event.detail.shouldSwap = false; });
  const isStale = () => answered < changes;
  const tell = (name) => form.dispatchEvent(new CustomEvent(name));
  const recheck = () => { changes += 1; tell("rushes:changed"); htmx.trigger(form, "rushes:check"); };

  /* htmx sends a form to where its last pressed button points: a check always goes to the check. */
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== form) return;
    asked = changes;
    askedOf = panes;
    event.detail.path = form.getAttribute("hx-post");
    for (const name of ["mend", "ask", "drop_keyframe", "set_guide"]) delete event.detail.parameters[name];
  });

  /* Give a field its values, whatever kind of input it is just now. */
  function set(name, values) {
    const found = fields(name);
    if (!found.length) return;
    if (found[0].type === "radio") found.forEach((one) => { one.checked = one.value === values[0]; });
    else if (found[0].type === "checkbox") found.forEach((one) => { one.checked = values.includes(one.value); });
    else found.forEach((one, at) => { if (values[at] !== undefined) one.value = values[at]; });
  }

  /* Closed options: the answer's lines name them; their inputs say so and do not take a click. */
  function syncClosed() {
    const closed = new Map();
    for (const line of all("[data-closes]")) {
      for (const option of line.dataset.closes.split(" ")) closed.set(option, line);
    }
    for (const input of all("[data-option]")) {
      const line = closed.get(input.dataset.option);
      if (line) input.setAttribute("aria-disabled", "true");
      else input.removeAttribute("aria-disabled");
      describe(input, line ? line.id : "");
    }
    const wrong = new Set(all('.note[data-tone="bad"]').map((note) => note.dataset.field));
    for (const input of all("#prompt, [name=resolution], [name=hdr], [name=exr], [name=source_url], [name=source_id]")) {
      const field = input.name.startsWith("source") ? "source" : input.name;
      if (wrong.has(field)) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    fields("keyframe_index").forEach((input, at) => {
      if (wrong.has(`keyframe_indexes.${at}`) || wrong.has(`keyframes.${at}`)) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });
    const state = $("[data-can-send]");
    const button = $("#queue-button");
    if (button && state) {
      if (state.dataset.canSend === "yes") button.removeAttribute("aria-disabled");
      else button.setAttribute("aria-disabled", "true");
    }
  }

  /* A closed option is described by its reason, beside whatever describes it anyway. */
  function describe(input, why) {
    const others = (input.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && !id.startsWith("why-"));
    const ids = why ? [...others, why] : others;
    if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
    else input.removeAttribute("aria-describedby");
  }

  const closedBy = (input) => all("[data-closes]").find((one) => one.dataset.closes.split(" ").includes(input.dataset.option));
  const isClosed = (input) => !isStale() && input.getAttribute("aria-disabled") === "true";

  form.addEventListener("click", (event) => {
    if (isStale()) return; /* what is closed may have opened: the next answer says so */
    const label = event.target.closest("label");
    const input = event.target.closest("[data-option]") || (label && label.querySelector("[data-option]"));
    if (input && isClosed(input) && input.matches("[type=radio], [type=checkbox]")) {
      event.preventDefault();
      input.dispatchEvent(new CustomEvent("rushes:tried", { bubbles: true }));
    }
  }, true);
  form.addEventListener("keydown", (event) => {
    if (isClosed(event.target) && event.target.matches("[type=radio]") && event.key.startsWith("Arrow")) event.preventDefault();
  }, true);

  /* A step on the scale, or a signal, is a choice by hand: it takes Auto back. */
  function byHand() {
    if (radio("conditioning") !== "auto" || !fields("conditioning").length) return false;
    set("conditioning", ["manual"]);
    return true;
  }
  form.addEventListener("click", (event) => {
    if (event.target.matches("[name=strength]") && byHand()) recheck();
  });
  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-control]") || event.target.name === "strength") byHand();
  }, true);

  /* The one button. Closed, it leads to what is missing instead of doing nothing. */
  form.addEventListener("click", (event) => {
    const button = event.target.closest("#queue-button");
    if (!button) return;
    event.preventDefault();
    if (!isStale() && button.getAttribute("aria-disabled") === "true") goTo($("[data-goes]"));
    else studio.queue();
  });
  const PLACES = { prompt: "#prompt", source: '[data-upload="source"]', aspect_ratio: "[name=aspect_ratio]" };
  function goTo(point) {
    if (!point) return;
    const { goes } = point.dataset;
    const note = all(".note[data-field]").find((one) => one.dataset.field === goes);
    const goal = (note && note.querySelector("button")) || $(PLACES[goes] || `[name="${CSS.escape(goes)}"]`) || $("#verdict button");
    if (note) note.scrollIntoView({ block: "center" });
    if (goes === "source" && studio.openBin) studio.openBin();
    if (goal) goal.focus();
  }
  form.addEventListener("click", (event) => {
    const point = event.target.closest("[data-goes]");
    if (!point) return;
    event.preventDefault();
    goTo(point);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && $("#queue-button")) {
      event.preventDefault();
      $("#queue-button").click();
    }
  });
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

  /* Buttons that the server would answer with a whole page are answered here. Enter in a field sends nothing. */
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.matches("[data-default]")) { event.preventDefault(); recheck(); }
    else if (button.matches("[data-mend]")) { event.preventDefault(); window.rushes.studio.rearrange({ extra: { mend: button.value } }); }
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    /* What has not changed is left alone: no flicker, no lost focus, nothing read out twice. */
    const { target, fragment } = event.detail;
    if (fragment.innerHTML === target.innerHTML) event.detail.shouldSwap = false;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt === form && event.detail.successful && askedOf === panes) answered = asked;
    queueMicrotask(syncClosed);
  });
  document.addEventListener("htmx:oobAfterSwap", () => syncClosed());

  /* A reason whose way out has been taken by hand is void at once, before the answer comes. */
  function dropVoid() {
    for (const line of all("[data-closes]")) {
      const button = line.querySelector("[data-mend]");
      if (button && [...new URLSearchParams(button.value)].every(([name, value]) => has(name, value))) line.remove();
    }
    syncClosed();
  }

  function has(name, value) {
    const found = fields(name);
    if (!found.length) return false;
    if (found[0].type === "radio") return radio(name) === value;
    return found[0].type === "checkbox" ? found[0].checked === Boolean(value) : found[0].value === value;
  }

  document.addEventListener("rushes:queued", (event) => {
    toast(event.detail.text, { href: event.detail.href, action: event.detail.action });
  });
  document.addEventListener("rushes:refused", (event) => toast(event.detail.text, { bad: true }));

  /* Prompt: counted as the provider counts, by code points. */
  function count() {
    const prompt = $("#prompt");
    const length = [...prompt.value].length;
    const output = $(prompt.dataset.counts);
    output.textContent = length;
    output.classList.toggle("is-over", length > Number(prompt.dataset.max));
  }
  form.addEventListener("input", (event) => { if (event.target.id === "prompt") count(); });

  /* A control's slider and its number are one value; an empty number leaves it to the model. */
  form.addEventListener("input", (event) => {
    const slider = event.target.closest("[data-slides]");
    if (slider) $(slider.dataset.slides).value = slider.value;
    for (const one of all("[data-slides]")) {
      const number = $(one.dataset.slides);
      if (event.target === number && number.value !== "") one.value = number.value;
    }
  }, true);

  /* The source: choosing one shows it. */
  function showSource() {
    const query = new URLSearchParams({ source_kind: radio("source_kind"), task: radio("task"), account: fields("account")[0].value });
    for (const name of ["source_asset", "source_generation"]) query.set(name, radio(name));
    for (const name of ["source_url", "source_id", "source_id_kind"]) query.set(name, fields(name)[0].value);
    request("viewer", { address: `${form.dataset.viewerUrl}?${query}`, target: "#viewer" });
  }
  form.addEventListener("change", (event) => {
    const { name } = event.target;
    if (name === "source_asset" || name === "source_generation") set("source_kind", [name.slice(7)]);
    if (/^source_(kind|asset|generation|url|id|id_kind)$/.test(name)) showSource();
  });

  const MOULDS = { source_asset: "#clip-template", source_generation: "#take-template", guide_asset: "#picture-template" };
  function addTile(reel, name, asset) {
    const known = fields(name).find((one) => one.value === String(asset.id));
    if (known) return known;
    const tile = $(MOULDS[name]).content.firstElementChild.cloneNode(true);
    const input = tile.querySelector("input");
    input.value = asset.id;
    tile.querySelector("img").src = asset.poster_url;
    tile.querySelector(".tile-name").textContent = asset.name;
    const fact = tile.querySelector(".tile-fact");
    if (fact) fact.textContent = `${Number(asset.duration_seconds).toFixed(2)} s`;
    const uploads = [...reel.children].filter((one) => one.matches(".tile-upload"));
    if (uploads.length) uploads[uploads.length - 1].after(tile);
    else reel.prepend(tile);
    return input;
  }

  function chooseClip(asset) {
    set("source_kind", ["asset"]);
    addTile($('[data-reel="source_asset"]'), "source_asset", asset).checked = true;
    showSource();
    recheck();
  }

  /* The server made a shorter source and shows it already: make it the chosen one. */
  document.addEventListener("rushes:source", (event) => {
    const { asset, name, duration, poster, part, moves } = event.detail;
    set("source_kind", ["asset"]);
    addTile($('[data-reel="source_asset"]'), "source_asset", { id: asset, name, duration_seconds: duration, poster_url: poster }).checked = true;
    if (part) form.dispatchEvent(new CustomEvent("rushes:cut", { detail: { first: part[0], last: part[1], moves } }));
    toast(`${name} is the source now.`);
    syncAll();
    recheck();
  });

  function syncAll() {
    count();
    if (isMac) for (const key of all("[data-shortcut]")) key.textContent = "⌘ ⏎";
    for (const one of all("[data-slides]")) {
      const value = $(one.dataset.slides).value;
      if (value !== "") one.value = value;
    }
    syncClosed();
    tell("rushes:sync");
  }
  form.addEventListener("input", () => { changes += 1; dropVoid(); tell("rushes:changed"); });

  /* A whole form that the server has just shown holds its own answer. */
  const turnPane = () => { panes += 1; };
  const tookAnswer = (isOlder) => { changes += 1; answered = isOlder ? changes - 1 : changes; };

  const studio = { tell, closedBy, isClosed, isStale, syncClosed, turnPane, tookAnswer, form, $, all, fields, radio, player, viewer, set, addTile, chooseClip, showSource, syncAll, recheck };
  window.rushes.studio = studio;
  syncAll();
})();

/* The studio: ways out applied in place, closed options, guide frames on the filmstrip, drafts. The answers themselves
   come from the server (htmx, studio:check); nothing here knows a rule or a price. */
(() => {
  "use strict";
  const form = document.querySelector("[data-studio]");
  if (!form) return;
  const { csrf, toast, upload } = window.rushes;
  const $ = (selector, root = form) => root.querySelector(selector);
  const all = (selector, root = form) => [...root.querySelectorAll(selector)];
  const fields = (name) => all(`[name="${name}"]`);
  const radio = (name) => (fields(name).find((one) => one.checked) || { value: "" }).value;
  const playerBox = () => $("[data-player]");
  const player = () => playerBox() && window.rushesPlayer.of(playerBox());
  const viewer = () => $("#viewer");
  let isStale = false; /* something has changed since the last answer */
  const recheck = () => { isStale = true; save(); htmx.trigger(form, "rushes:check"); };

  /* htmx sends a form to where its last pressed button points: a check always goes to the check. */
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== form) return;
    event.detail.path = form.getAttribute("hx-post");
    for (const name of ["mend", "drop_keyframe", "set_guide"]) delete event.detail.parameters[name];
  });

  /* Values. A mend's change names a form field; the page sets it and asks again. */
  function set(name, values) {
    if (name === "drop_keyframes") {
      const rows = all("[data-keyframe]");
      values.forEach((at) => rows[Number(at)] && rows[Number(at)].remove());
      return;
    }
    const found = fields(name);
    if (!found.length) return;
    if (name === "keyframe_index") values.forEach((value, at) => { if (found[at]) found[at].value = value; });
    else if (found[0].type === "radio") found.forEach((one) => { one.checked = one.value === values[0]; });
    else if (found[0].type === "checkbox") found[0].checked = Boolean(values[0]);
    else found[0].value = values[0];
  }

  function applyMend(text) {
    const changes = new URLSearchParams(text);
    for (const name of new Set(changes.keys())) set(name, changes.getAll(name));
    syncAll();
    recheck();
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

  function showReason(input) {
    const line = all("[data-closes]").find((one) => one.dataset.closes.split(" ").includes(input.dataset.option));
    const way = line && (line.querySelector("button") || line);
    if (way) way.focus();
  }

  form.addEventListener("click", (event) => {
    const label = event.target.closest("label");
    if (isStale) return; /* what is closed may have opened: the next answer says so */
    const input = event.target.closest("[data-option]") || (label && label.querySelector("[data-option]"));
    if (input && input.getAttribute("aria-disabled") === "true" && input.matches("[type=radio], [type=checkbox]")) {
      event.preventDefault();
      showReason(input);
    }
  }, true);
  form.addEventListener("keydown", (event) => {
    if (!isStale && event.target.getAttribute("aria-disabled") === "true" && event.target.matches("[type=radio]") && event.key.startsWith("Arrow")) event.preventDefault();
  }, true);

  /* The one button. Closed, it leads to what is missing instead of doing nothing. */
  form.addEventListener("click", (event) => {
    const button = event.target.closest("#queue-button");
    if (!button || button.getAttribute("aria-disabled") !== "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const note = $('.note[data-tone="bad"]') || $('.note[data-tone="todo"]');
    if (!note) return;
    const place = { prompt: "#prompt", source: "[name=source_kind]:checked" }[note.dataset.field];
    const goal = note.querySelector("button") || (place && $(place));
    note.scrollIntoView({ block: "center" });
    if (goal) goal.focus();
    toast(note.firstElementChild.textContent, { bad: note.dataset.tone === "bad" });
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && $("#queue-button")) {
      event.preventDefault();
      $("#queue-button").click();
    }
  });
  if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const key of all("[data-shortcut]")) key.textContent = "⌘ ⏎";

  /* Buttons that the server would answer with a whole page are answered here. Enter in a field sends nothing. */
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.matches("[data-default]")) { event.preventDefault(); recheck(); }
    else if (button.matches("[data-mend]")) { event.preventDefault(); applyMend(button.value); }
    else if (button.matches("[data-drop-keyframe]")) { event.preventDefault(); button.closest("[data-keyframe]").remove(); syncAll(); recheck(); }
    else if (button.matches("[data-pin-first]")) { event.preventDefault(); pin(0, addPicture); }
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    /* What has not changed is left alone: no flicker, no lost focus, nothing read out twice. */
    const { target, fragment } = event.detail;
    if (fragment.innerHTML === target.innerHTML) event.detail.shouldSwap = false;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt === form) isStale = false;
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
    toast(event.detail.text, { href: event.detail.href, action: "Open the take" });
    const tile = document.getElementById(`take-${event.detail.take}`);
    if (tile) tile.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  document.addEventListener("rushes:refused", (event) => toast(event.detail.text, { bad: true }));

  /* Prompt: counted as the provider counts, by code points. */
  const prompt = $("#prompt");
  function count() {
    const length = [...prompt.value].length;
    const output = $(prompt.dataset.counts);
    output.textContent = length;
    output.classList.toggle("is-over", length > Number(prompt.dataset.max));
  }
  prompt.addEventListener("input", count);

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
    const query = new URLSearchParams({ source_kind: radio("source_kind") });
    for (const name of ["source_asset", "source_generation"]) query.set(name, radio(name));
    for (const name of ["source_url", "source_id", "source_id_kind"]) query.set(name, fields(name)[0].value);
    htmx.ajax("GET", `${form.dataset.viewerUrl}?${query}`, { target: "#viewer", swap: "outerHTML", source: viewer() });
  }
  form.addEventListener("change", (event) => {
    if (/^source_(kind|asset|generation|url|id|id_kind)$/.test(event.target.name)) showSource();
  });

  function addTile(reel, name, asset) {
    let input = fields(name).find((one) => one.value === String(asset.id));
    if (!input) {
      const mould = name === "source_asset" ? "#clip-template" : "#picture-template";
      const tile = $(mould).content.firstElementChild.cloneNode(true);
      input = tile.querySelector("input");
      input.value = asset.id;
      tile.querySelector("img").src = asset.poster_url;
      tile.querySelector(".tile-name").textContent = asset.name;
      const fact = tile.querySelector(".tile-fact");
      if (fact) fact.textContent = `${Number(asset.duration_seconds).toFixed(2)} s`;
      const uploads = [...reel.children].filter((one) => one.matches(".tile-upload"));
      if (uploads.length) uploads[uploads.length - 1].after(tile);
      else reel.prepend(tile);
    }
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
    const { asset, name, duration, poster, part } = event.detail;
    set("source_kind", ["asset"]);
    addTile($('[data-reel="source_asset"]'), "source_asset", { id: asset, name, duration_seconds: duration, poster_url: poster }).checked = true;
    if (part) movePins(part[0], part[1]);
    toast(`${name} is the source now.`);
    syncAll();
    recheck();
  });

  /* Keyframes stay on their pictures: they move with the cut, and those outside of it go. */
  function movePins(first, last) {
    for (const row of all("[data-keyframe]")) {
      const input = $("[name=keyframe_index]", row);
      const frame = Number(input.value);
      if (frame < first || frame > last) row.remove();
      else input.value = frame - first;
    }
  }

  /* Guide frames */
  async function pin(frame, then) {
    const at = viewer().dataset.pinUrl;
    if (!at) return toast("Choose a clip first.", { bad: true });
    const answer = await fetch(at.replace(/frames\/0\//, `frames/${frame}/`), { method: "POST", headers: { "X-CSRFToken": csrf() } });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) return toast(said.message || "This frame could not be kept. Try again.", { bad: true });
    return then(said.asset || said, frame);
  }

  function addPicture(asset) {
    set("guides", ["single"]);
    addTile($("[data-pictures]"), "guide_asset", asset).checked = true;
    recheck();
  }

  function addKeyframe(asset, frame) {
    set("guides", ["keyframes"]);
    const row = $("#keyframe-template").content.firstElementChild.cloneNode(true);
    $("[name=keyframe_asset]", row).value = asset.id;
    $("[name=keyframe_index]", row).value = frame;
    fillKeyframe(row, asset);
    const before = all("[data-keyframe]").find((one) => Number($("[name=keyframe_index]", one).value) > Number(frame));
    if (before) before.before(row);
    else $("[data-keyframes]").append(row);
    syncAll();
  }

  function fillKeyframe(row, asset) {
    $("[name=keyframe_asset]", row).value = asset.id;
    $("img", row).src = asset.poster_url;
    $("[data-download-guide]", row).href = asset.poster_url.replace(/poster(\?|$)/, "original$1");
  }

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-pin]")) {
      const frame = player().frame;
      if (fields("keyframe_index").some((one) => Number(one.value) === frame)) toast(`Frame ${frame} has a guide already: replace it, or move to another frame.`);
      else pin(frame, (asset) => { addKeyframe(asset, frame); recheck(); });
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "viewer") { window.rushesPlayer.start(form); drawPins(); } });

  /* Pins on the strip: a click goes there, dragging retimes. */
  function drawPins() {
    const box = $("[data-pins]");
    if (!box) return;
    box.replaceChildren();
    if (radio("guides") === "keyframes") {
      fields("keyframe_index").forEach((input, at) => { if (/^\d+$/.test(input.value)) box.append(pinAt(input, at)); });
    } else if (radio("guides") === "single" && radio("guide_asset")) {
      box.append(pinAt(null, 0));
    }
    drawCut();
  }

  function pinAt(input, at) {
    const last = Math.max(1, Number(viewer().dataset.frames) - 1);
    const pinned = document.createElement("button");
    pinned.type = "button";
    pinned.className = "pin";
    const icon = $("[data-pin] svg");
    if (icon) pinned.append(icon.cloneNode(true));
    const place = (frame) => {
      pinned.style.left = `${Math.min(100, (frame / last) * 100)}%`;
      pinned.dataset.at = frame;
      pinned.setAttribute("aria-label", input ? `Keyframe ${at + 1} at frame ${frame}: go there` : "Opening guide frame at frame 0: go there");
      pinned.title = input ? `Frame ${frame}: drag to retime` : "Frame 0";
    };
    place(input ? Number(input.value) : 0);
    pinned.addEventListener("click", () => player().seek(Number(pinned.dataset.at)));
    if (!input) return pinned;
    pinned.addEventListener("pointerdown", (event) => {
      pinned.setPointerCapture(event.pointerId);
      const box = $("[data-pins]").getBoundingClientRect();
      const move = (moved) => {
        const frame = Math.round(Math.max(0, Math.min(1, (moved.clientX - box.left) / box.width)) * last);
        if (frame === Number(pinned.dataset.at)) return;
        place(frame);
        input.value = frame;
        player().seek(frame);
      };
      pinned.addEventListener("pointermove", move);
      pinned.addEventListener("pointerup", () => { pinned.removeEventListener("pointermove", move); recheck(); }, { once: true });
    });
    pinned.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const frame = Math.max(0, Math.min(last, Number(pinned.dataset.at) + by * (event.shiftKey ? 10 : 1)));
      place(frame);
      input.value = frame;
      player().seek(frame);
      recheck();
    });
    return pinned;
  }

  form.addEventListener("rushes:frame", (event) => {
    const { frame } = event.detail;
    for (const one of all("[data-current]")) one.textContent = frame;
    const link = $("[data-download-frame]");
    const box = playerBox();
    if (link && box) link.href = box.dataset.still.replace(/frames\/0\./, `frames/${frame}.`);
    for (const one of all(".pin")) one.classList.toggle("is-here", Number(one.dataset.at) === frame);
  });

  /* Cutting: in and out on the same strip. */
  const cutOpen = () => $("[data-cut]") && $("[data-cut]").open;
  function drawCut() {
    all(".strip-cut").forEach((one) => one.remove());
    const strip = $(".strip");
    if (!strip || !cutOpen()) return;
    const frames = Number(viewer().dataset.frames);
    const first = Number($("[data-in]").value);
    const last = Number($("[data-out]").value);
    for (const [left, right] of [[0, first / frames], [(last + 1) / frames, 1]]) {
      const shade = document.createElement("div");
      shade.className = "strip-cut";
      shade.style.left = `${left * 100}%`;
      shade.style.width = `${Math.max(0, right - left) * 100}%`;
      strip.append(shade);
    }
    const count = last - first + 1;
    $("[data-cut-length]").textContent = count > 0 ? `${count} frames, ${(count / player().fps).toFixed(2)} s` : "Out lies before in.";
  }
  form.addEventListener("toggle", (event) => { if (event.target.matches("[data-cut]")) { drawCut(); recheck(); } }, true);
  form.addEventListener("click", (event) => {
    const inHere = event.target.closest("[data-set-in]");
    if (!inHere && !event.target.closest("[data-set-out]")) return;
    $(inHere ? "[data-in]" : "[data-out]").value = player().frame;
    drawCut();
    recheck();
  });

  /* Uploads: by button, drop and paste; several at once. */
  async function send(file, then, { isPicture }) {
    const row = document.createElement("li");
    row.className = "upload-row";
    const name = Object.assign(document.createElement("span"), { className: "clip", textContent: file.name });
    const state = Object.assign(document.createElement("span"), { className: "muted number", textContent: "0 %" });
    const stop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small btn-quiet", textContent: "Cancel" });
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", `Uploading ${file.name}`);
    row.append(name, state, stop, bar);
    $("[data-uploads]").append(row);
    const leave = new AbortController();
    stop.addEventListener("click", () => leave.abort());
    try {
      const asset = await upload(file, {
        signal: leave.signal,
        progress: (share) => {
          bar.value = share;
          state.textContent = share < 1 ? `${Math.floor(share * 100)} %` : "Reading it …";
          if (share >= 1) bar.removeAttribute("value");
        },
      });
      row.remove();
      if (isPicture && asset.kind !== "image") toast(`${file.name} is not a picture: upload a PNG, JPEG or WebP.`, { bad: true });
      else if (!isPicture && asset.kind !== "video") toast(`${file.name} is a picture: use it as a guide frame.`, { bad: true });
      else then(asset);
    } catch (error) {
      if (leave.signal.aborted) { row.remove(); return; }
      row.classList.add("is-bad");
      bar.remove();
      state.textContent = "Not taken";
      stop.textContent = "Close";
      stop.addEventListener("click", () => row.remove());
      row.append(Object.assign(document.createElement("p"), { className: "note note-bad", textContent: error.message }));
      row.lastChild.setAttribute("role", "alert");
    }
  }

  form.addEventListener("change", (event) => {
    const input = event.target.closest("[data-upload]");
    if (!input) return;
    const files = [...input.files];
    input.value = "";
    const row = input.closest("[data-keyframe]");
    const frame = player() ? player().frame : 0;
    const takers = {
      source: (asset) => chooseClip(asset),
      guide: (asset) => addPicture(asset),
      keyframe: (asset) => { addKeyframe(asset, frame); recheck(); },
      replace: (asset) => { fillKeyframe(row, asset); recheck(); },
    };
    for (const file of files) send(file, takers[input.dataset.upload], { isPicture: input.dataset.upload !== "source" });
  });

  function takeFiles(list) {
    for (const file of list) {
      if (file.type.startsWith("image/")) send(file, (asset) => { addKeyframe(asset, player() ? player().frame : 0); recheck(); }, { isPicture: true });
      else send(file, chooseClip, { isPicture: false });
    }
  }
  const zone = $("[data-drop]");
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    takeFiles(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); takeFiles(event.clipboardData.files); }
  });

  /* Drafts: what is typed survives a reload and a sign-in, in this tab only. */
  const KEY = "rushes:studio";
  const LEFT_OUT = new Set(["csrfmiddlewaretoken", "form_token", "trim_first", "trim_last", "keyframe_asset", "keyframe_index"]);
  function save() {
    const kept = {};
    for (const [name, value] of new FormData(form)) if (!LEFT_OUT.has(name) && typeof value === "string") kept[name] = value;
    const rows = all("[data-keyframe]").map((row) => ({ id: $("[name=keyframe_asset]", row).value, poster_url: $("img", row).getAttribute("src"), index: $("[name=keyframe_index]", row).value }));
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ kept, rows }));
    } catch { /* full or forbidden: the page works without */ }
  }

  function restore() {
    let draft = null;
    try {
      draft = JSON.parse(sessionStorage.getItem(KEY));
    } catch { return false; }
    const asked = new URLSearchParams(location.search);
    if (!draft || form.hasAttribute("data-typed") || asked.has("generation")) return false;
    for (const input of all("[type=checkbox]")) if (input.name) input.checked = Boolean(draft.kept[input.name]);
    for (const [name, value] of Object.entries(draft.kept)) {
      if (name.startsWith("source_") && asked.has("source")) continue;
      const found = fields(name);
      if (found.length && (found[0].type !== "radio" || found.some((one) => one.value === value))) set(name, [value]);
    }
    const guides = radio("guides");
    for (const row of draft.rows) addKeyframe(row, row.index);
    set("guides", [guides]);
    return true;
  }

  function syncAll() {
    count();
    all("[data-drop-keyframe]").forEach((button, at) => { button.value = at; });
    for (const one of all("[data-slides]")) {
      const value = $(one.dataset.slides).value;
      if (value !== "") one.value = value;
    }
    syncClosed();
    drawPins();
  }
  form.addEventListener("input", () => { isStale = true; save(); dropVoid(); drawPins(); });
  document.addEventListener("rushes:leaving", save);

  const chosen = `${radio("source_kind")} ${radio("source_asset")} ${radio("source_generation")}`;
  if (restore()) {
    if (`${radio("source_kind")} ${radio("source_asset")} ${radio("source_generation")}` !== chosen) showSource();
    /* htmx listens from this event on. */
    document.addEventListener("DOMContentLoaded", recheck);
  }
  syncAll();
})();

/* Guide frames and cutting, on the studio's filmstrip: pins that are clicked, dragged, replaced; in and out points. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { post, toast } = window.rushes;
  const { form, $, all, fields, radio, player, viewer, set, addTile, syncAll, recheck } = window.rushes.studio;
  const playerBox = () => $("[data-player]");

  /* Guide frames */
  async function pin(frame, then) {
    const at = viewer().dataset.pinUrl;
    if (!at) return toast("Choose a clip first.", { bad: true });
    try {
      return then((await post(at.replace(/frames\/0\//, `frames/${frame}/`))).asset, frame);
    } catch (error) {
      return toast(error.message, { bad: true });
    }
  }

  function addPicture(asset) {
    set("guides", ["single"]);
    addTile($("[data-pictures]"), "guide_asset", asset).checked = true;
    recheck();
  }

  function pinKeyframe(asset, frame) {
    set("guides", ["keyframes"]);
    addKeyframe(asset, frame);
  }

  function addKeyframe(asset, frame) {
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
      else pin(frame, (asset) => { pinKeyframe(asset, frame); recheck(); });
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "viewer") { window.rushesPlayer.start(form); drawPins(); } });

  /* Keyframes stay on their pictures: they move with the cut, and those outside of it go. */
  form.addEventListener("rushes:cut", (event) => {
    const { first, last, moves } = event.detail; /* moves: by time, where a copy has other frames */
    for (const row of all("[data-keyframe]")) {
      const input = $("[name=keyframe_index]", row);
      const frame = Number(input.value);
      if (frame < first || frame > last) row.remove();
      else input.value = moves[frame] ?? frame - first;
    }
  });

  /* Pins on the strip: a click goes there, dragging retimes. */
  function drawPins() {
    const box = $("[data-pins]");
    if (!box) return;
    const focused = [...box.children].indexOf(document.activeElement);
    box.replaceChildren();
    if (radio("guides") === "keyframes") {
      fields("keyframe_index").forEach((input, at) => { if (/^\d+$/.test(input.value)) box.append(pinAt(input, at)); });
    } else if (radio("guides") === "single" && radio("guide_asset")) {
      box.append(pinAt(null, 0));
    }
    if (focused >= 0 && box.children[focused]) box.children[focused].focus();
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
    const seconds = player().seconds(first, last);
    const long = seconds === null ? "" : `, ${seconds.toFixed(2)} s`;
    $("[data-cut-length]").textContent = count > 0 ? `${count} frames${long}` : "Out lies before in.";
  }
  form.addEventListener("toggle", (event) => { if (event.target.matches("[data-cut]")) {
    $("[data-cutting]").disabled = !cutOpen();
    if (cutOpen()) event.target.scrollIntoView({ block: "nearest" });
    drawCut();
    recheck();
  } }, true);
  form.addEventListener("click", (event) => {
    const inHere = event.target.closest("[data-set-in]");
    if (!inHere && !event.target.closest("[data-set-out]")) return;
    $(inHere ? "[data-in]" : "[data-out]").value = player().frame;
    drawCut();
    recheck();
  });

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    if (button.matches("[data-drop-keyframe]")) {
      event.preventDefault();
      button.closest("[data-keyframe]").remove();
      syncAll();
      recheck();
    } else if (button.matches("[data-pin-first]")) {
      event.preventDefault();
      pin(0, addPicture);
    }
  });

  form.addEventListener("rushes:times", drawCut);
  form.addEventListener("rushes:changed", drawPins);
  form.addEventListener("rushes:sync", () => {
    all("[data-drop-keyframe]").forEach((button, at) => { button.value = at; });
    drawPins();
  });
  Object.assign(window.rushes.studio, { addPicture, addKeyframe, pinKeyframe, fillKeyframe, takers: {} });
  syncAll();
})();

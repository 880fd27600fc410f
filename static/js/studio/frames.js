/* The frames of a generation: first and last as pictures, keyframes on a time line of the clip to come, a take to go on
   from, and a frame of any clip as a picture. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { post, toast } = window.rushes;
  const studio = window.rushes.studio;
  const { form, $, all, fields, radio, set, syncAll, recheck } = studio;
  const line = () => $("[data-timeline]");
  let picksFor = "";
  let stillTimer = 0;

  /* First and last frame */
  function choose(name, asset) {
    const end = $(`[data-end="${name}"]`);
    let input = fields(name).find((one) => one.value === String(asset.id));
    if (!input) {
      const tile = $("[data-end-mould]", end).content.firstElementChild.cloneNode(true);
      input = $("input", tile);
      input.value = asset.id;
      $("img", tile).src = asset.poster_url;
      $(".tile-name", tile).textContent = asset.name;
      const before = all(".tile-upload", end);
      before[before.length - 1].after(tile);
    }
    input.checked = true;
    set("frames", ["frames"]);
    recheck();
  }

  /* What is chosen is in sight when its reel is. */
  function showChosen() {
    for (const reel of all("[data-end-reel], [data-extend-reel]")) {
      const chosen = $("input:checked", reel);
      if (!chosen || !reel.clientWidth || reel.dataset.shown === chosen.value) continue;
      reel.dataset.shown = chosen.value;
      const tile = chosen.closest(".tile");
      const past = tile.offsetLeft + tile.offsetWidth - reel.offsetLeft - reel.clientWidth;
      if (past > reel.scrollLeft) reel.scrollLeft = past + 8;
    }
  }

  /* The time line */
  const fps = () => Number(line().dataset.fps);
  const last = () => Number(line().dataset.last);
  const here = () => Number($("[data-timeline-at]").value);

  /* The clip to come is as long as the chosen duration. */
  function measure() {
    const chosen = fields("duration").find((one) => (one.type === "radio" ? one.checked : true));
    const seconds = parseInt(chosen ? chosen.value : "", 10);
    if (seconds) line().dataset.last = seconds * fps();
    const range = $("[data-timeline-at]");
    range.max = last();
    $("[data-timeline-end]").textContent = `${last() / fps()} s`;
    for (const one of all('[data-frames-panel="keyframes"] [name="keyframe_index"]')) one.max = last();
  }

  function goTo(frame) {
    $("[data-timeline-at]").value = frame;
    sayHere();
  }

  function sayHere() {
    $("[data-timeline-says]").textContent = `Frame ${here()}, ${(here() / fps()).toFixed(2)} s`;
    for (const one of all(".timeline-pin")) one.classList.toggle("is-here", Number(one.dataset.at) === here());
  }

  const isTaken = (frame) => fields("keyframe_index").some((one) => Number(one.value) === frame && one.value !== "");

  /* Several at once stand half a second apart. */
  function addHere(asset) {
    let frame = here();
    while (isTaken(frame) && frame < last()) frame = Math.min(last(), frame + Math.round(fps() / 2));
    if (isTaken(frame)) { toast(`Frame ${frame} has a picture already: replace it, or choose another place.`); return; }
    set("frames", ["keyframes"]);
    studio.addKeyframe(asset, frame);
    goTo(frame);
    recheck();
  }

  function drawLine() {
    if (!line()) return;
    measure();
    const box = $("[data-timeline-pins]");
    const focused = [...box.children].indexOf(document.activeElement);
    box.replaceChildren();
    fields("keyframe_index").forEach((input, at) => { if (/^\d+$/.test(input.value)) box.append(pinAt(input, at)); });
    if (focused >= 0 && box.children[focused]) box.children[focused].focus();
    sayHere();
  }

  function pinAt(input, at) {
    const pin = document.createElement("button");
    pin.type = "button";
    pin.className = "timeline-pin";
    const picture = document.createElement("img");
    picture.alt = "";
    picture.draggable = false;
    const shown = $("img", input.closest("[data-keyframe]"));
    if (shown && shown.getAttribute("src")) picture.src = shown.getAttribute("src");
    pin.append(picture);
    const place = (frame) => {
      pin.dataset.at = frame;
      pin.style.left = `${Math.min(100, (frame / last()) * 100)}%`;
      pin.classList.toggle("is-out", frame > last());
      pin.setAttribute("aria-label", `Keyframe ${at + 1} at frame ${frame}${frame > last() ? ", behind the end" : ""}. Arrow keys move it.`);
      pin.title = `Frame ${frame}: drag to retime`;
    };
    const move = (frame) => {
      if (frame === Number(pin.dataset.at)) return false;
      place(frame);
      input.value = frame;
      goTo(Math.min(frame, last()));
      return true;
    };
    place(Number(input.value));
    pin.addEventListener("click", () => goTo(Math.min(last(), Number(pin.dataset.at))));
    pin.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pin.setPointerCapture(event.pointerId);
      let has = false;
      const box = $("[data-timeline-pins]").getBoundingClientRect();
      const follow = (moved) => {
        if (!has && Math.abs(moved.clientX - event.clientX) < 3) return;
        has = move(Math.round(Math.max(0, Math.min(1, (moved.clientX - box.left) / box.width)) * last())) || has;
      };
      const release = () => {
        pin.removeEventListener("pointermove", follow);
        if (has) recheck();
      };
      pin.addEventListener("pointermove", follow);
      pin.addEventListener("lostpointercapture", release, { once: true });
    });
    pin.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        input.closest("[data-keyframe]").remove();
        syncAll();
        recheck();
        return;
      }
      if (!by) return;
      event.preventDefault();
      if (move(Math.max(0, Math.min(last(), Number(pin.dataset.at) + by * (event.shiftKey ? 10 : 1))))) recheck();
    });
    return pin;
  }

  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-timeline-at]")) return;
    event.stopImmediatePropagation(); /* where one looks is no change of the form */
    sayHere();
  }, true);
  form.addEventListener("click", (event) => {
    const track = event.target.closest("[data-timeline-track]");
    if (track && !event.target.closest(".timeline-pin")) {
      const box = $("[data-timeline-pins]").getBoundingClientRect();
      goTo(Math.round(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * last()));
    }
    const add = event.target.closest("[data-timeline-add]");
    if (add) addHere({ id: add.dataset.timelineAdd, poster_url: $("img", add).getAttribute("src") });
    const picks = event.target.closest("[data-picks]");
    if (picks) openPicker(picks.dataset.picks);
  });

  /* A take to go on from: the frame at the seam is shown. */
  function drawSeam() {
    const panel = $("[data-extend]");
    const seam = panel && $("[data-extend-seam]", panel);
    if (!seam) return;
    const chosen = fields("extend_generation").find((one) => one.checked);
    seam.hidden = !chosen;
    if (!chosen || !["forward", "backward"].includes(radio("frames"))) return;
    const frame = radio("frames") === "backward" ? 0 : chosen.dataset.last;
    const address = `${chosen.dataset.still.replace(/frames\/0\./, `frames/${frame}.`)}?height=240`;
    const still = $("[data-extend-still]", seam);
    if (still.getAttribute("src") !== address) still.src = address;
  }

  /* A frame of any clip */
  const picker = () => $("[data-picker]");
  const clip = () => $("[data-picker-clip]").selectedOptions[0];
  const picked = () => Number($("[data-picker-frame]").value);

  function openPicker(name) {
    picksFor = name;
    picker().showModal();
    showClip();
  }

  function showClip() {
    const range = $("[data-picker-frame]");
    range.max = Math.max(0, Number(clip().dataset.frames) - 1);
    if (picked() > Number(range.max)) range.value = 0;
    showStill();
  }

  function showStill() {
    $("[data-picker-says]").textContent = `${picked()} of ${clip().dataset.frames}`;
    clearTimeout(stillTimer);
    stillTimer = setTimeout(() => {
      $("[data-picker-still]").src = `${clip().dataset.still.replace(/frames\/0\./, `frames/${picked()}.`)}?height=360`;
    }, 120);
  }

  async function takeFrame(button) {
    button.disabled = true;
    try {
      const address = clip().dataset.pinUrl.replace(/frames\/0\//, `frames/${picked()}/`);
      const said = await post(address);
      picker().close();
      if (picksFor === "timeline") addHere(said.asset);
      else choose(picksFor, said.asset);
    } catch (error) {
      toast(error.message, { bad: true });
    } finally {
      button.disabled = false;
    }
  }

  for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => {
    if (!event.target.closest("[data-picker]")) return;
    event.stopImmediatePropagation();
    if (event.target.matches("[data-picker-clip]")) showClip();
    else showStill();
  }, true);
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-picker-close]")) picker().close();
    const take = event.target.closest("[data-picker-take]");
    if (take) takeFrame(take);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.closest("[data-picker]") || event.target.matches("button")) return;
    event.preventDefault();
    takeFrame($("[data-picker-take]"));
  });

  const draw = () => { drawLine(); drawSeam(); showChosen(); };
  for (const name of ["rushes:changed", "rushes:sync"]) form.addEventListener(name, draw);
  document.addEventListener("htmx:afterSwap", draw);
  /* What files.js hands over: where an uploaded picture belongs. */
  Object.assign(studio.takers, {
    end: (asset, input) => choose(input.closest("[data-end]").dataset.end, asset),
    timeline: (asset) => addHere(asset),
  });
  studio.dropPicture = (asset) => {
    if (!$("[data-generation]")) return false;
    if (radio("frames") === "keyframes") addHere(asset);
    else choose(radio("frames") === "frames" && radio("first_asset") && $('[data-end="last_asset"]') ? "last_asset" : "first_asset", asset);
    return true;
  };
  draw();
})();

/* The frames of a generation: first and last as pictures, the length of the clip to come, a take to go on from, and a frame
   of any clip as a picture. Its keyframes: guides.js. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { post, toast } = window.rushes;
  const studio = window.rushes.studio;
  const { form, $, all, fields, radio, set, recheck } = studio;
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

  /* The clip to come is as long as the chosen duration. */
  function measure() {
    const line = studio.line();
    if (!line) return;
    const chosen = fields("duration").find((one) => (one.type === "radio" ? one.checked : true));
    const seconds = parseInt(chosen ? chosen.value : "", 10);
    const frames = seconds * Math.round(line.fps) + 1;
    if (seconds && frames !== line.frames) line.setClip({ frames, seconds });
    for (const one of all('[data-frames-panel="keyframes"] [name="keyframe_index"]')) one.max = line.last;
  }

  form.addEventListener("click", (event) => {
    const add = event.target.closest("[data-timeline-add]");
    if (add) studio.addHere({ id: add.dataset.timelineAdd, poster_url: $("img", add).getAttribute("src") });
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
      if (picksFor === "timeline") studio.addHere(said.asset);
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

  const draw = () => {
    if ($("[data-generation]")) measure();
    drawSeam();
    showChosen();
  };
  for (const name of ["rushes:changed", "rushes:sync"]) form.addEventListener(name, draw);
  document.addEventListener("htmx:afterSwap", draw);
  /* What files.js hands over: where an uploaded picture belongs. */
  Object.assign(studio.takers, {
    end: (asset, input) => choose(input.closest("[data-end]").dataset.end, asset),
  });
  /* A picture that was dropped or pasted: on the time line of keyframes, else as the first frame that is missing. */
  const { dropPicture } = studio;
  studio.dropPicture = (asset) => {
    if (!$("[data-generation]") || radio("frames") === "keyframes") return dropPicture(asset);
    choose(radio("frames") === "frames" && radio("first_asset") && $('[data-end="last_asset"]') ? "last_asset" : "first_asset", asset);
    return true;
  };
  draw();
})();

/* Keyframes: the rows that a form sends, by frame, and how an act on them is undone. Drawn as pins by guides.js. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { timeline } = window.rushes;
  const studio = window.rushes.studio;
  const { $, all, fields, radio, set, viewer, syncAll, recheck } = studio;
  const MOST_UNDONE = 50;
  const SAME_ACT = 1200; /* ms: one key pressed several times is one act */

  /* The rows */
  const rows = () => all("[data-keyframe]");
  const indexOf = (row) => $("[name=keyframe_index]", row);
  const assetOf = (row) => $("[name=keyframe_asset]", row);
  const pictureOf = (row) => $("img", row).getAttribute("src") || "";
  const frameOf = (row) => (/^\d+$/.test(indexOf(row).value) ? Number(indexOf(row).value) : null);
  const framesTaken = (without = null) => new Set(rows().filter((row) => row !== without).map(frameOf));
  const rowAt = (frame) => rows().find((row) => frameOf(row) === frame);
  const most = () => Number(($("[data-keyframes]") || { dataset: {} }).dataset.most) || Infinity;

  /* Which way they are given now: of a generation, of an edit. */
  const isGeneration = () => Boolean($("[data-generation]"));
  const way = () => (isGeneration() ? "frames" : "guides");
  const line = () => timeline.of($(isGeneration() ? "[data-generation]" : "#viewer"));
  const takesKeyframes = () => fields(way()).some((one) => one.value === "keyframes" && one.getAttribute("aria-disabled") !== "true");
  /* The frames that can be pinned: of the source, whatever the stage shows; of the clip to come. */
  const last = () => {
    if (!line()) return Infinity;
    return isGeneration() ? line().last : Number(viewer().dataset.frames || line().frames) - 1;
  };

  /* The frame at the playhead; on a take of another rate, the source's at the same time. */
  function here() {
    const at = line();
    if (!at) return 0;
    const source = isGeneration() ? null : at.host.clips.find((clip) => String(clip.id) === viewer().dataset.asset);
    if (!source || !source.fps || source.frames === at.frames) return at.frame;
    return Math.min(last(), Math.round((at.seconds(at.frame) * source.fps[0]) / source.fps[1]));
  }

  const say = (text, undo) => { if (line()) line().say(text, undo); };

  function addKeyframe(asset, frame) {
    const row = $("#keyframe-template").content.firstElementChild.cloneNode(true);
    indexOf(row).value = frame;
    fillKeyframe(row, asset);
    $("[data-keyframes]").append(row);
    inOrder();
    syncAll();
    return row;
  }

  function fillKeyframe(row, asset) {
    assetOf(row).value = asset.id;
    $("img", row).src = asset.poster_url;
    $("[data-download-guide]", row).href = asset.poster_url.replace(/poster(\?|$)/, "original$1");
  }

  /* By frame; what is no number stays behind. A fix offered before names rows by their place: it is void then. */
  function inOrder() {
    const now = rows();
    const sorted = [...now].sort((one, other) => (frameOf(one) ?? Infinity) - (frameOf(other) ?? Infinity));
    if (sorted.every((row, at) => row === now[at])) return;
    const focused = document.activeElement;
    $("[data-keyframes]").append(...sorted);
    if (sorted.some((row) => row.contains(focused))) focused.focus({ preventScroll: true });
    for (const button of all("[data-mend]")) if (/keyframe/.test(button.value)) button.disabled = true;
  }

  /* The nearest frame that is free; `by` says on which side alone. None free: the frame itself. */
  function nearest(frame, taken, by = 0) {
    const end = last();
    for (let far = 0; far <= Math.max(end, frame); far += 1) {
      for (const side of by ? [by] : [1, -1]) {
        const one = frame + far * Math.sign(side);
        if (one >= 0 && one <= end && !taken.has(one)) return one;
      }
    }
    return null;
  }

  /* Several are spread evenly from where they land to the end: that of the range, or of the clip. */
  function plan(frame, count) {
    const range = line().host.range;
    const end = range && frame >= range[0] && frame <= range[1] ? range[1] : line().last;
    const taken = framesTaken();
    const found = [];
    for (let at = 0; at < Math.min(count, most() - rows().length); at += 1) {
      const wanted = count === 1 ? frame : Math.round(frame + ((end - frame) * at) / (count - 1));
      const free = nearest(wanted, taken);
      if (free === null) break;
      taken.add(free);
      found.push(free);
    }
    return found;
  }

  /* What was done, newest last: each entry undoes itself. */
  const past = [];
  let newest = { key: null, at: 0 };

  /* `key`: what was acted on by a key; the next press on the same is the same act, which is undone at once. */
  function remember(text, undo, key = null) {
    const isSameAct = key && newest.key === key && Date.now() - newest.at < SAME_ACT;
    newest = { key, at: Date.now() };
    if (!isSameAct) past.push(undo);
    if (past.length > MOST_UNDONE) past.shift();
    say(text, undoLast);
  }

  function undoLast() {
    const undo = past.pop();
    newest = { key: null, at: 0 };
    if (!undo) return;
    undo();
    syncAll();
    recheck();
    say("Undone.");
  }

  /* How everything stands, and the way back to it. */
  function snapshot() {
    const kept = rows().map((row) => [{ id: assetOf(row).value, poster_url: pictureOf(row) }, indexOf(row).value]);
    const [mode, guide] = [radio(way()), radio("guide_asset")];
    return () => {
      for (const row of rows()) row.remove();
      for (const [asset, frame] of kept) addKeyframe(asset, frame);
      set(way(), [mode]);
      for (const one of fields("guide_asset")) if (one.type === "radio") one.checked = one.value === guide;
    };
  }

  document.addEventListener("keydown", (event) => {
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const isText = event.target.matches("textarea, input:not([type=range], [type=radio], [type=checkbox])");
    if (!isUndo || isText || event.defaultPrevented || !past.length) return;
    event.preventDefault();
    undoLast();
  });

  const forget = () => { past.length = 0; };
  Object.assign(studio, { addKeyframe, fillKeyframe, line });
  studio.keyframes = {
    rows, indexOf, assetOf, pictureOf, frameOf, framesTaken, rowAt, most, isGeneration, way, takesKeyframes, here, last,
    inOrder, nearest, plan, remember, forget, snapshot,
  };
})();

/* Pinned pictures: guide frames of an edit, keyframes of a generation, drawn as pins on the time line: moved, added, taken
   away, turned into an opening frame and back. Their rows: keyframes.js. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { post, toast, timeline } = window.rushes;
  const studio = window.rushes.studio;
  const { form, $, all, fields, radio, viewer, set, addTile, syncAll, recheck, line, addKeyframe, fillKeyframe } = studio;
  const {
    rows, indexOf, assetOf, pictureOf, frameOf, framesTaken, rowAt, most, isGeneration, way, takesKeyframes, here, last,
    inOrder, nearest, plan, remember, forget, snapshot,
  } = studio.keyframes;
  const named = (count) => (count === 1 ? "1 picture" : `${count} pictures`);
  const listed = (frames) => `${frames.slice(0, 6).join(", ")}${frames.length > 6 ? " …" : ""}`;

  /* Put a picture at a frame, or at the nearest free one. */
  function pinKeyframe(asset, frame) {
    if (rows().length >= most()) { toast(`${most()} pictures are all that the model takes: take one away first.`); return; }
    const before = snapshot();
    const free = nearest(frame, framesTaken()) ?? frame;
    set(way(), ["keyframes"]);
    addKeyframe(asset, free);
    const moved = free === frame ? "" : `Frame ${frame} has a picture: `;
    remember(`${moved}${moved ? "placed" : "Placed"} at frame ${free}.`, before);
  }

  /* Where one looks; several at once stand half a second apart. */
  function addHere(asset) {
    const taken = framesTaken();
    const apart = line() ? Math.max(1, Math.round(line().fps / 2)) : 1;
    let frame = Math.min(here(), last());
    while (taken.has(frame) && frame + apart <= last()) frame += apart;
    pinKeyframe(asset, frame);
    recheck();
  }

  /* One drop is one act, however many pictures it has: they come one by one as they are uploaded. */
  async function dropped(pictures, frame) {
    const frames = plan(frame, pictures.length);
    if (!frames.length) { toast(`No place is left: ${named(rows().length)} of ${most()}.`); return; }
    const mode = radio(way());
    const added = [];
    const put = (asset, at) => {
      const free = nearest(at, framesTaken()) ?? at;
      set(way(), ["keyframes"]);
      addKeyframe(asset, free);
      added.push([String(asset.id), free]);
      recheck();
    };
    if (line()) line().pins.expect(frames);
    await Promise.all(frames.map((at, place) => {
      const one = pictures[place];
      if (!(one instanceof File)) return put(one, at);
      return studio.send(one, (asset) => put(asset, at), { isPicture: true, beside: $("[data-keyframes]") });
    }));
    if (line()) line().pins.expect([]);
    if (!added.length) return;
    const left = pictures.length - frames.length;
    const places = added.map(([, at]) => at).sort((one, other) => one - other);
    const rest = left > 0 ? ` ${left} more have no place.` : "";
    remember(`${named(added.length)} at ${places.length === 1 ? "frame" : "frames"} ${listed(places)}.${rest}`, () => {
      for (const [id, at] of added) {
        const same = rows().filter((row) => assetOf(row).value === id);
        const row = same.find((one) => frameOf(one) === at) || same[0];
        if (row) row.remove();
      }
      if (!rows().length) set(way(), [mode]);
    });
  }

  /* Moved by hand on the lane: the number goes along, and the list is in order again when it is let go. */
  let carried = null;
  function moving(row, frame) {
    if (!carried) carried = { row, from: indexOf(row).value };
    indexOf(row).value = frame;
  }

  function moved(row, { asked, by }) {
    const from = carried && carried.row === row ? carried.from : null;
    carried = null;
    if (from === null || from === indexOf(row).value) { drawPins(); return; }
    const frame = frameOf(row);
    const asset = assetOf(row).value;
    const words = asked === frame ? `Moved to frame ${frame}.` : `Frame ${asked} has a picture: moved to ${frame}.`;
    inOrder();
    remember(words, () => {
      const same = row.isConnected ? row : rows().find((one) => assetOf(one).value === asset);
      if (same) indexOf(same).value = from;
      inOrder();
    }, by === "key" ? row : null);
    syncAll();
    recheck();
  }

  function removed(row) {
    const before = snapshot();
    const frame = indexOf(row).value;
    row.remove();
    syncAll();
    recheck();
    remember(`Frame ${frame}: picture taken away.`, before);
  }

  const acts = {
    nearest: (frame, row, by = 0) => nearest(frame, framesTaken(row), by) ?? frameOf(row),
    moving,
    moved,
    removed,
    plan,
    dropped,
  };

  /* The pins */
  const tilePicture = (name) => {
    const input = fields(name).find((one) => one.checked && one.value);
    const picture = input && input.closest(".tile") && $("img", input.closest(".tile"));
    return input ? { picture: picture ? picture.getAttribute("src") : "" } : null;
  };

  function marks() {
    const chosen = radio(way());
    if (chosen === "keyframes") {
      const found = rows().filter((row) => frameOf(row) !== null);
      return found.map((row, at) => ({ key: row, frame: frameOf(row), picture: pictureOf(row), name: `Keyframe ${at + 1}` }));
    }
    const ends = { single: [["guide_asset", 0, "Opening guide frame"]] };
    ends.frames = [["first_asset", 0, "First frame"], ["last_asset", line().last, "Last frame"]];
    return (ends[chosen] || [])
      .map(([name, frame, label]) => ({ key: name, frame, name: label, fixed: true, ...tilePicture(name) }))
      .filter((mark) => mark.picture !== undefined);
  }

  /* On a stage that shows a clip of another grid than the source's, no frame of the source can be pointed at. */
  function isOnGrid() {
    const { clip } = line();
    if (isGeneration()) return true;
    return String(clip.id) === viewer().dataset.asset || clip.frames === Number(viewer().dataset.frames);
  }

  function drawPins() {
    forgetOthers();
    count();
    const at = line();
    if (!at || !at.pins) return;
    const canPin = takesKeyframes() && isOnGrid();
    at.pins.show(isOnGrid() ? marks() : [], canPin ? acts : { ...acts, plan: null });
    sayHere();
  }

  function count() {
    const isShown = radio(way()) === "keyframes";
    const number = rows().length;
    for (const place of all("[data-pin-count]")) {
      place.textContent = isShown ? `${number}${most() < Infinity ? ` / ${most()}` : ""}` : "";
      place.classList.toggle("is-over", number > most());
      place.title = isShown ? `Pinned pictures${most() < Infinity ? `, and how many the model takes` : ""}` : "";
    }
    for (const button of all('[data-turn="single"]')) button.hidden = !rowAt(0);
  }

  /* What can be done with the picture at the playhead. */
  function sayHere() {
    const box = $("[data-here]");
    if (!box) return;
    const row = rowAt(here());
    $("[data-here-says]", box).textContent = row ? `Frame ${here()}` : `Frame ${here()} has no picture`;
    const link = $("[data-here-download]", box);
    if (row) link.href = $("[data-download-guide]", row).getAttribute("href");
    else link.removeAttribute("href");
    link.setAttribute("aria-disabled", String(!row)); /* without an address it is a link that is closed */
    for (const one of all("button, input", box)) one.disabled = !row;
    box.classList.toggle("is-empty", !row);
  }

  /* The source's own frame as a picture */
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

  /* The opening frame is keyframe 0 by another name: one press turns it, and turns it back. */
  function turn(into) {
    const before = snapshot();
    if (into === "keyframes") {
      const chosen = fields("guide_asset").find((one) => one.checked && one.value);
      if (!chosen) { toast("Choose the opening frame's picture first."); return; }
      const asset = { id: chosen.value, poster_url: tilePicture("guide_asset").picture };
      const row = rowAt(0);
      if (row) fillKeyframe(row, asset);
      else addKeyframe(asset, 0);
    } else {
      const row = rowAt(0);
      if (!row) return;
      const asset = { id: assetOf(row).value, poster_url: pictureOf(row), name: "Keyframe 0" };
      addTile($("[data-pictures]"), "guide_asset", asset).checked = true;
      row.remove();
    }
    set("guides", [into]);
    syncAll();
    recheck();
    const others = rows().length;
    const kept = into === "single" && others ? ` ${named(others)} more wait under Keyframes.` : "";
    remember(`${into === "keyframes" ? "The opening frame is keyframe 0 now." : "Keyframe 0 is the opening frame now."}${kept}`, before);
    const now = fields("guides").find((one) => one.checked);
    if (now) now.focus({ preventScroll: true });
  }

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-pin]")) {
      const frame = here();
      if (rowAt(frame)) toast(`Frame ${frame} has a guide already: replace it, or move to another frame.`);
      else pin(frame, (asset) => { pinKeyframe(asset, frame); recheck(); });
    }
    if (event.target.closest("[data-here-remove]") && rowAt(here())) removed(rowAt(here()));
  });

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    const act = [
      ["[data-drop-keyframe]", () => removed(button.closest("[data-keyframe]"))],
      ["[data-pin-first]", () => pin(0, addPicture)],
      ["[data-turn]", () => turn(button.dataset.turn)],
    ].find(([selector]) => button.matches(selector));
    if (!act) return;
    event.preventDefault();
    act[1]();
  });

  /* Typed numbers: in order when the field is left. */
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[name=keyframe_index]")) return;
    inOrder();
    syncAll();
    recheck();
  });

  /* Keyframes stay on their pictures: they move with the cut, and those outside of it go. */
  form.addEventListener("rushes:cut", (event) => {
    const { first, last, moves } = event.detail; /* moves: by time, where a copy has other frames */
    forget();
    for (const row of rows()) {
      const frame = frameOf(row);
      if (frame === null) continue;
      if (frame < first || frame > last) row.remove();
      else indexOf(row).value = moves[frame] ?? frame - first;
    }
  });

  /* Pictures of a reel can be dragged onto the time line. */
  const REEL = "[data-pictures] .tile:has(img), [data-end-reel] .tile:has(img), [data-timeline-add]";
  form.addEventListener("pointerdown", (event) => {
    const tile = event.pointerType === "mouse" && event.target.closest(REEL);
    if (tile) tile.draggable = true;
  });
  form.addEventListener("dragstart", (event) => {
    const tile = event.target.closest(REEL);
    const input = tile && $("input[type=radio]", tile);
    const id = tile && (tile.dataset.timelineAdd || (input && input.value));
    const picture = tile && $("img", tile);
    if (!id || !picture) return;
    const asset = { id, poster_url: picture.getAttribute("src") };
    event.dataTransfer.setData(timeline.PICTURE, JSON.stringify(asset));
    event.dataTransfer.effectAllowed = "copy";
  });

  form.addEventListener("rushes:frame", (event) => {
    if (!event.target.closest("#viewer")) return;
    const { frame } = event.detail;
    for (const one of all("[data-current]")) one.textContent = frame;
    const link = $("[data-download-frame]");
    const { clip } = line() || {};
    if (link && clip && clip.still) link.href = clip.still.replace(/frames\/0\./, `frames/${frame}.`);
    sayHere();
  });

  /* The exact list stays open when the form is shown anew. */
  let isListOpen = false;
  form.addEventListener("toggle", (event) => { if (event.target.matches(".exact")) isListOpen = event.target.open; }, true);

  /* What was done with another clip is not undone on this one. */
  let shown = "";
  function forgetOthers() {
    const now = `${way()} ${isGeneration() ? "" : viewer().dataset.asset}`;
    if (now !== shown) forget();
    shown = now;
  }

  form.addEventListener("rushes:clip", drawPins);
  form.addEventListener("rushes:changed", drawPins);
  form.addEventListener("rushes:sync", () => {
    all("[data-drop-keyframe]").forEach((button, at) => { button.value = at; });
    for (const list of all(".exact")) if (isListOpen) list.open = true;
    drawPins();
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target.id === "viewer") drawPins(); });
  Object.assign(studio, {
    addPicture, pinKeyframe, addHere, drawPins,
    takers: {
      keyframe: (asset) => addHere(asset),
      timeline: (asset) => addHere(asset),
      here: (asset) => {
        const row = rowAt(here());
        if (!row) { addHere(asset); return; }
        const before = snapshot();
        fillKeyframe(row, asset);
        syncAll();
        recheck();
        remember(`Frame ${frameOf(row)}: picture replaced.`, before);
      },
    },
    /* A picture that was dropped or pasted beside the time line; false: it has no place here. */
    dropPicture(asset) {
      if (!takesKeyframes()) return false;
      addHere(asset);
      return true;
    },
  });
  syncAll();
})();

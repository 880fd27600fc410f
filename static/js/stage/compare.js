/* Which clips share the stage's picture, and how: tabs, modes, the line of a wipe. Markup: templates/stage/_modes.html. */
(() => {
  "use strict";
  const SHARES = {
    wipe: { word: "Wipe", value: 50 },
    "wipe-y": { word: "Wipe", value: 50 },
    overlay: { word: "Overlay", value: 50 },
    difference: { word: "Brighter", value: 0 },
  };
  const MOVES_BEYOND_PX = 6;

  function compare(stage) {
    const { element } = stage;
    const head = element.querySelector("[data-stage-head]");
    const tabs = element.querySelector("[data-stage-tabs]");
    const share = element.querySelector("[data-share]");
    const slider = element.querySelector("[data-share-value]");
    const picture = element.querySelector("[data-picture]");
    const notes = element.querySelector("[data-notes]");
    const line = element.querySelector("[data-line]");
    const values = Object.fromEntries(Object.entries(SHARES).map(([mode, { value }]) => [mode, value]));

    function drawTabs() {
      if (head) head.hidden = stage.clips.length < 2;
      if (!tabs) return;
      tabs.replaceChildren(...stage.clips.map((clip, at) => {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.className = "stage-tab";
        tab.dataset.tab = at;
        tab.title = `Show ${window.rushes.layer.named(clip)} (${at + 1}); with Shift: compare with it`;
        const number = document.createElement("kbd");
        number.textContent = at + 1;
        const words = document.createElement("span");
        words.className = "clip";
        words.textContent = window.rushes.layer.named(clip);
        tab.append(number, words);
        return tab;
      }));
    }

    function sync() {
      const { mode } = stage;
      const isPair = window.rushes.stage.PAIRS.includes(mode);
      for (const button of element.querySelectorAll("[data-set-mode]")) {
        button.setAttribute("aria-pressed", String(button.dataset.setMode === mode));
      }
      for (const tab of element.querySelectorAll("[data-tab]")) {
        const at = Number(tab.dataset.tab);
        tab.setAttribute("aria-pressed", String(at === stage.leadIndex));
        tab.classList.toggle("is-against", isPair && at === stage.against);
      }
      if (share) share.classList.toggle("is-shown", mode in SHARES);
      if (share) slider.disabled = !(mode in SHARES);
      line.hidden = !mode.startsWith("wipe");
      if (mode in SHARES) {
        slider.value = values[mode];
        element.querySelector("[data-share-word]").textContent = SHARES[mode].word;
      }
      note();
      lay();
    }

    /* Two pictures in one place: what they are stands beside them, and what holds for either of them. */
    function note() {
      const both = [stage.lead, stage.clips[stage.against]];
      notes.hidden = !["overlay", "difference"].includes(stage.mode);
      if (notes.hidden) return;
      const words = [["stage-name", both.map(window.rushes.layer.named).join(stage.mode === "overlay" ? " under " : " against ")]];
      if (both.some((clip) => clip.simulated)) words.push(["simulated", "Simulated"]);
      if (both.some((clip) => clip.hdr)) words.push(["badge badge-plain", "SDR view of HDR"]);
      notes.replaceChildren(...words.map(([className, text]) => Object.assign(document.createElement("span"), { className, textContent: text })));
    }

    /* Of a wipe the slider is in parts of the picture, not of the black around it. */
    function lay() {
      const value = values[stage.mode];
      if (value === undefined) return;
      picture.style.setProperty("--share", value / 100);
      picture.style.setProperty("--gain", 1 + (value / 100) * 15);
      picture.style.setProperty("--wide", Math.max(...stage.clips.map(({ width, height }) => (width || 16) / (height || 9))));
      picture.style.setProperty("--tall", Math.min(...stage.clips.map(({ width, height }) => (width || 16) / (height || 9))));
    }

    function setShare(value) {
      if (!(stage.mode in SHARES)) return;
      values[stage.mode] = Math.max(0, Math.min(100, value));
      slider.value = values[stage.mode];
      lay();
    }

    element.addEventListener("click", (event) => {
      const mode = event.target.closest("[data-set-mode]");
      const tab = event.target.closest("[data-tab]");
      if (mode) stage.setMode(mode.dataset.setMode === stage.mode ? "single" : mode.dataset.setMode);
      if (tab) pick(Number(tab.dataset.tab), event.shiftKey);
    });

    function pick(index, isAgainst) {
      if (index >= stage.clips.length) return;
      if (isAgainst) stage.setMode(window.rushes.stage.PAIRS.includes(stage.mode) ? stage.mode : "wipe", { against: index });
      else stage.choose(index);
    }

    if (slider) {
      slider.addEventListener("input", (event) => {
        event.stopPropagation(); /* the stage may stand in a form */
        setShare(Number(slider.value));
      });
      slider.addEventListener("change", (event) => event.stopPropagation());
    }

    /* A drag over the picture moves the wipe's line; by touch, otherwise, it scrubs. A press that goes nowhere plays. */
    let held = null;
    picture.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target.closest("a, button, input, select")) return;
      held = { x: event.clientX, y: event.clientY, frame: stage.frame, isMoved: false, id: event.pointerId };
    });
    picture.addEventListener("pointermove", (event) => {
      if (!held || held.id !== event.pointerId) return;
      const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
      const isWipe = stage.mode.startsWith("wipe");
      if (!held.isMoved) {
        if (Math.hypot(dx, dy) < MOVES_BEYOND_PX) return;
        held.isMoved = true;
        if (isWipe || event.pointerType === "touch") picture.setPointerCapture(event.pointerId);
      }
      if (isWipe) wipeTo(event);
      else if (event.pointerType === "touch") stage.scrub(held.frame + (dx / picture.clientWidth) * stage.frames);
    });
    const letGo = () => { setTimeout(() => { held = null; }, 0); };
    picture.addEventListener("pointerup", letGo);
    picture.addEventListener("pointercancel", letGo);
    picture.addEventListener("click", (event) => {
      if (event.target.closest("a, button, input, select")) return;
      if (!held || !held.isMoved) stage.toggle();
    });

    function wipeTo(event) {
      const room = picture.getBoundingClientRect();
      const wide = Math.min(room.width, room.height * Number(picture.style.getPropertyValue("--wide")));
      const tall = Math.min(room.height, room.width / Number(picture.style.getPropertyValue("--tall")));
      const x = (event.clientX - room.left - (room.width - wide) / 2) / wide;
      const y = (event.clientY - room.top - (room.height - tall) / 2) / tall;
      setShare(100 * (stage.mode === "wipe" ? x : y));
    }

    for (const name of ["rushes:clip", "rushes:mode"]) element.addEventListener(name, sync);
    element.addEventListener("rushes:clips", () => { drawTabs(); sync(); });
    stage.pick = pick;
    stage.setShare = setShare;
    drawTabs();
    sync();
  }

  window.rushes.stage.parts.push(compare);
})();

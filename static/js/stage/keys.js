/* The stage's keys, and the dialog that lists them (templates/stage/_keys.html). They work wherever nothing else wants
   them: not in a field, not with Ctrl, Alt or Meta, not while a dialog is open. */
(() => {
  "use strict";
  const MODES = { w: "wipe", v: "side", b: "overlay", d: "difference", t: "flick", g: "grid" };
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

  /* The stage that a key is for, or null. On the strip itself the browser's own keys do the single steps. */
  function wanted(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return null;
    const at = event.target;
    if (at.isContentEditable || at.closest("dialog[open]")) return null;
    if (at.matches("textarea, select")) return null;
    if (at.matches("input") && !at.matches("[data-strip]") && !takesLetters(at, event.key)) return null;
    if (at.matches('[role="slider"]') && (event.key in STEPS || event.key === "Home" || event.key === "End")) return null;
    if ((event.key === " " || event.key === "Enter") && at.matches("button, a, summary, label, input")) return null;
    return window.rushes.stage.of(at.closest("[data-stage]") || document.body);
  }

  /* A checkbox, a choice or a slider has no use for letters. */
  function takesLetters(input, key) {
    return ["radio", "checkbox", "range", "button", "submit"].includes(input.type) && key.length === 1 && key !== " ";
  }

  const byDigit = (event) => (/^Digit[1-9]$/.test(event.code) ? Number(event.code.slice(5)) - 1 : -1);

  function act(stage, event) {
    const { shiftKey } = event;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const digit = byDigit(event);
    if (key === " ") stage.flip();
    else if (key in STEPS) { stage.halt(); stage.step(STEPS[key] * (shiftKey ? 10 : 1)); }
    else if (key === "Home" || key === "End") stage.toEnd(key === "End");
    else if (["j", "k", "l"].includes(key)) stage.shuttle(key);
    else if (key === "i" || key === "o") stage.mark(shiftKey ? "none" : key === "i" ? "in" : "out");
    else if (key === "[" || key === "]") stage.faster(key === "[" ? -1 : 1);
    else if (key === "m") stage.mute();
    else if (key === "r") stage.turnLoop();
    else if (key === "s") stage.download();
    else if (key === "f") stage.full();
    else if (key === "?") openKeys(stage);
    else if (key === "c" && stage.comment && !shiftKey) return stage.comment();
    else if (stage.clips.length > 1) return compare(stage, key, digit, shiftKey);
    else return false;
    return true;
  }

  function compare(stage, key, digit, shiftKey) {
    if (digit >= 0 && digit < stage.clips.length) stage.pick(digit, shiftKey);
    else if (key === "q") stage.setMode("single");
    else if (key in MODES) {
      const mode = key === "w" && shiftKey ? "wipe-y" : MODES[key];
      stage.setMode(mode === stage.mode ? "single" : mode);
    } else return false;
    return true;
  }

  function openKeys(stage) {
    const dialog = stage.element.querySelector("[data-keys-dialog]");
    for (const row of dialog.querySelectorAll("[data-keys-compare]")) row.hidden = stage.clips.length < 2;
    for (const row of dialog.querySelectorAll("[data-keys-talk]")) row.hidden = !document.querySelector("[data-composer]");
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    const stage = wanted(event);
    if (stage && stage.flip && act(stage, event)) event.preventDefault();
  });

  window.rushes.stage.parts.push((stage) => {
    stage.element.addEventListener("click", (event) => {
      if (event.target.closest("[data-keys]")) openKeys(stage);
      if (event.target.closest("[data-keys-close]")) stage.element.querySelector("[data-keys-dialog]").close();
    });
  });
})();

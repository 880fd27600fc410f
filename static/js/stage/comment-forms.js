/* The forms of a discussion: a comment's frame goes along with the stage until somebody has begun to say something, one draws
   on the picture, what is typed is kept until it has arrived, and sending leaves the page as it is. */
(() => {
  "use strict";
  const { csrf, toast, talk } = window.rushes;
  const { panelOf, composerOf, threadOf, leadPanel, stageHere, placeOnStage, draw, look } = talk;
  const KEPT = "rushes:said:"; /* in this tab's storage, with a form's address: what was typed and not sent */
  const RANGE = 24; /* frames of a range that nobody has chosen yet */
  const LOST = "No connection. What you typed is still here: send it again.";
  const SIGNED_OUT = "You are signed out: sign in again in another tab, then send it again.";
  const isTyped = (area) => area.value !== area.defaultValue;

  const field = (form, name) => form.elements.namedItem(name);
  const placeOf = (form) => (field(form, "place") ? field(form, "place").value : "take");
  const shapesOf = (form) => (field(form, "drawing").value ? JSON.parse(field(form, "drawing").value) : []);
  const isEdit = (form) => form.matches("[data-edit]");
  const hasBegun = (form) => Boolean(field(form, "text").value.trim() || shapesOf(form).length);

  function setPlace(form, place) {
    const choice = form.querySelector(`[name="place"][value="${place}"]`);
    if (!choice) return;
    choice.checked = true;
    const stage = stageHere();
    if (place === "take" || !stage) return;
    const { first, last } = framesFor(form, stage, place);
    field(form, "first").value = first;
    field(form, "last").value = last;
  }

  /* What is chosen on the time line; else the frame that is seen, and some after it. A comment that is changed keeps the
     frame that it has. */
  function framesFor(form, stage, place) {
    const known = { first: field(form, "first").value, last: field(form, "last").value };
    if (place === "frame") return isEdit(form) && known.first === "" ? { first: stage.frame, last: stage.frame } : known;
    if (stage.range) return { first: stage.range[0], last: stage.range[1] };
    const first = isEdit(form) && known.first !== "" ? Number(known.first) : stage.frame;
    return { first, last: Math.min(stage.frames - 1, first + RANGE) };
  }

  /* The frame that the stage shows becomes that of a comment which is changed; of a range, its beginning. */
  function frameHere(form) {
    const stage = stageHere();
    const at = placeOnStage(panelOf(form));
    if (at < 0) { toast("This take is not on the stage.", { bad: true }); return; }
    if (at !== stage.leadIndex) stage.choose(at);
    stage.pause();
    field(form, "first").value = stage.frame;
    if (placeOf(form) === "take") setPlace(form, "frame");
    if (Number(field(form, "last").value) < stage.frame) field(form, "last").value = stage.frame;
    changed(form);
  }

  function changed(form) {
    form.dataset.changed = "yes";
    keep(form);
  }

  function follow() {
    const stage = stageHere();
    const form = composerOf(leadPanel());
    if (!form || !field(form, "first") || hasBegun(form) || form.contains(document.activeElement) && document.activeElement.type === "number") return;
    if (placeOf(form) !== "range") field(form, "first").value = stage.frame;
  }

  function drawnWords(form) {
    const count = shapesOf(form).length;
    form.querySelector("[data-drawn]").textContent = count ? `${count} ${count === 1 ? "shape" : "shapes"} drawn` : "";
    const button = form.querySelector("[data-draw]");
    if (button) button.textContent = count ? "Draw on" : "Draw on the frame";
  }

  function drawOn(form) {
    const panel = panelOf(form);
    const stage = stageHere();
    const at = placeOnStage(panel);
    if (at < 0) return;
    if (stage.ink.isDrawing) { stage.ink.end(); return; }
    if (at !== stage.leadIndex) stage.choose(at);
    stage.pause();
    if (!hasBegun(form)) field(form, "first").value = stage.frame;
    if (placeOf(form) === "take") setPlace(form, "frame");
    const first = Number(field(form, "first").value);
    const last = placeOf(form) === "range" ? Number(field(form, "last").value) : first;
    if (stage.frame < first || stage.frame > last) stage.seek(first);
    form.querySelector("[data-draw]").setAttribute("aria-pressed", "true");
    stage.ink.begin({
      take: panel.dataset.talk, first, last, shapes: shapesOf(form),
      changed: (shapes) => { field(form, "drawing").value = shapes.length ? JSON.stringify(shapes) : ""; drawnWords(form); changed(form); },
      ended: () => { form.querySelector("[data-draw]").setAttribute("aria-pressed", "false"); if (form.isConnected) field(form, "text").focus({ preventScroll: true }); },
    });
    stage.element.querySelector("[data-picture]").scrollIntoView({ block: "nearest" });
  }

  /* C: a comment on the frame that is seen. Returns whether there is a form for it. */
  function comment(stage) {
    const form = composerOf(leadPanel());
    if (!form) return false;
    talk.showPlace(true);
    stage.pause();
    if (!hasBegun(form) && field(form, "first")) {
      setPlace(form, "frame");
      field(form, "first").value = stage.frame;
    }
    field(form, "text").focus();
    return true;
  }

  /* -- what is typed is kept until it has arrived -- */

  const keyOf = (form) => KEPT + new URL(form.action).pathname;

  function keep(form) {
    const values = {};
    for (const name of ["text", "first", "last", "drawing"]) if (field(form, name)) values[name] = field(form, name).value;
    if (field(form, "place")) values.place = placeOf(form);
    try {
      if (values.text || values.drawing) sessionStorage.setItem(keyOf(form), JSON.stringify(values));
      else sessionStorage.removeItem(keyOf(form));
    } catch { /* full or forbidden: it is still in the form */ }
  }

  function forget(form) {
    try { sessionStorage.removeItem(keyOf(form)); } catch { /* nothing was kept */ }
  }

  function bringBack(form) {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(keyOf(form))); } catch { /* nothing to bring back */ }
    const now = (name) => (name === "place" ? placeOf(form) : field(form, name) && field(form, name).value);
    if (!kept || isTyped(field(form, "text")) || Object.entries(kept).every(([name, value]) => now(name) === value)) return;
    for (const [name, value] of Object.entries(kept)) {
      if (name === "place") setPlace(form, value);
    }
    for (const [name, value] of Object.entries(kept)) {
      if (name !== "place" && field(form, name)) field(form, name).value = value;
    }
    if (isEdit(form)) form.dataset.changed = "yes";
    const fold = form.closest("details");
    if (fold) fold.open = true;
  }

  /* -- sending -- */

  async function send(form) {
    const panel = panelOf(form);
    const buttons = [...form.querySelectorAll("button:not([type=button])")];
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    for (const one of buttons) one.disabled = true;
    say(form, "");
    const stage = stageHere();
    if (stage && stage.ink.isDrawing && field(form, "drawing")) stage.ink.end();
    try {
      const values = new URLSearchParams(new FormData(form));
      values.set("csrfmiddlewaretoken", csrf());
      const answer = await fetch(form.action, { method: "POST", body: values, headers: { "HX-Request": "true", Accept: "text/html, application/json" } });
      await take(panel, form, answer);
    } catch {
      say(form, LOST);
    } finally {
      delete form.dataset.sending;
      for (const one of buttons) one.disabled = false;
    }
  }

  async function take(panel, form, answer) {
    if (answer.redirected) { say(form, SIGNED_OUT); return; }
    if (answer.status === 422) {
      const told = await answer.json();
      field(form, "form_token") && (field(form, "form_token").value = told.form_token);
      say(form, told.message);
      look(panel);
      return;
    }
    if (!answer.ok) { say(form, whyNot(answer)); return; }
    const thread = form.closest("[data-thread]");
    const hadFocus = form.contains(document.activeElement) || document.activeElement === document.body;
    forget(form);
    if (field(form, "drawing")) stageHere() && stageHere().ink.show(null);
    const made = answer.headers.get("X-Comment");
    draw(panel, await answer.text(), form);
    const shown = made ? panel.querySelector(`[data-piece="said-${made}"]`) : thread && panel.contains(thread) ? thread.querySelector('[data-piece="settle"] button') : null;
    const moved = isEdit(form) && field(form, "place") && threadOf(panel, made);
    if (moved) talk.openComment(moved, { isSeen: true });
    if (!hadFocus) return;
    const isSeen = shown && shown.checkVisibility();
    (isSeen ? shown : panel).focus({ preventScroll: true });
    if (isSeen) shown.scrollIntoView({ block: "nearest" });
  }

  function whyNot(answer) {
    if (answer.status === 403) return answer.headers.get("X-Reason") === "csrf" ? "This page is out of date: copy what you typed, and reload it." : "Your role does not allow this: ask an admin of your team.";
    if (answer.status === 404) return "This is not there any more.";
    return `The server could not do this (error ${answer.status}). What you typed is still here: try again.`;
  }

  function say(form, text) {
    const place = form.querySelector("[data-wrong]");
    if (place) place.textContent = text;
    else if (text) toast(text, { bad: true });
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-talk-form]")) return;
    event.preventDefault();
    send(event.target);
  });

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest && event.target.closest("[data-talk-form]");
    if (!form || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation(); /* in the studio the same keys queue an edit */
      if (event.target.matches("textarea, input")) form.requestSubmit();
    } else if (event.key === "Escape" && event.target.matches("textarea")) {
      const strip = document.querySelector("[data-stage] [data-strip]");
      if (strip) strip.focus({ preventScroll: true });
    }
  }, true);

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-talk-form]");
    if (!form || !field(form, "text")) return;
    if (event.target.matches("textarea")) {
      const stage = stageHere();
      if (stage && stage.isPlaying && form.matches("[data-composer]")) { stage.pause(); if (placeOf(form) === "frame") field(form, "first").value = stage.frame; }
    }
    if (event.target.name === "place") setPlace(form, event.target.value);
    changed(form);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-draw]");
    const here = event.target.closest("[data-frame-here]");
    if (button) drawOn(button.closest("form"));
    else if (here) frameHere(here.closest("form"));
  });

  /* A panel came, or came anew: its forms begin, with what was typed in them and not sent. */
  function ready(panel) {
    const form = composerOf(panel);
    if (form && !form.dataset.begun) {
      form.dataset.begun = "yes";
      if (field(form, "place") && !hasBegun(form)) setPlace(form, "frame");
    }
    for (const one of panel.querySelectorAll("[data-talk-form]:has(textarea):not([data-known])")) {
      one.dataset.known = "yes";
      bringBack(one);
      if (one.querySelector("[data-drawn]")) drawnWords(one);
    }
    if (form) drawnWords(form);
    follow();
  }

  Object.assign(talk, { ready, follow, comment });
})();

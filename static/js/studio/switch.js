/* Another task, model or account, and every way out: the server shows the form anew, and what was typed or chosen while
   its answer was on the way is carried into it. Also asks for prices that must be asked for. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const studio = window.rushes.studio;
  const { form, $, fields, set, syncAll, recheck } = studio;
  const LEFT_OUT = new Set(["csrfmiddlewaretoken", "trim_first", "trim_last", "cutting"]);
  const CHOOSES = new Set(["task", "model", "account"]);
  let isUnderway = false;
  let waiting = null; /* what to ask next, when the answer on the way has come */
  let hasCome = false;
  let isPressed = false;

  /* What was pressed while another form was on its way is meant for that one; where none came, for nothing. */
  function queue() {
    if (isUnderway) isPressed = true;
    else htmx.trigger($("[data-queues]"), "rushes:queue");
  }
  function pressAgain() {
    const isMeant = isPressed && hasCome;
    isPressed = false;
    if (isMeant && $("#queue-button")) $("#queue-button").click();
  }

  function entries() {
    const found = new Map();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !LEFT_OUT.has(name)) found.set(name, [...(found.get(name) || []), value]);
    }
    return found;
  }

  const isSame = (one, other) => JSON.stringify(one || []) === JSON.stringify(other || []);
  const changedSince = (before, now) => [...new Set([...before.keys(), ...now.keys()])].filter((name) => !isSame(before.get(name), now.get(name)));

  /* What has the focus, so that the same thing has it after the swap. */
  function focused() {
    const at = document.activeElement;
    if (!at || !form.contains(at)) return () => {};
    const { id, name, value, selectionStart, selectionEnd } = at;
    const isText = at.matches("textarea, input[type=text], input[type=url], input[type=search], input:not([type])");
    return () => {
      const now = document.activeElement;
      if (now !== document.body && !(id && now.id === id)) return; /* htmx gives the focus back, and no mark from the first letter on */
      const found = (id && document.getElementById(id)) || (name && (fields(name).find((one) => one.value === value) || fields(name)[0]));
      if (!found || found.type === "hidden") return;
      found.focus({ preventScroll: true });
      if (isText && found.setSelectionRange) found.setSelectionRange(selectionStart, selectionEnd);
    };
  }

  /* Ask for the form anew. `extra`: values beside those of the form, such as a mend; `whole`: instead of them. */
  function rearrange({ extra = {}, whole = null } = {}) {
    if (isUnderway) { waiting = { extra, whole }; return; }
    const sent = whole || entries();
    const values = { ...Object.fromEntries(sent), ...extra, viewer_for: studio.viewer().dataset.for };
    isUnderway = true;
    hasCome = false;
    form.setAttribute("aria-busy", "true");
    const before = whole ? entries() : sent;
    const wanted = { method: "POST", address: form.dataset.switchUrl, target: "#pane-form", swap: "innerHTML show:none", values };
    window.rushes.request("form", wanted).finally(() => {
      isUnderway = false;
      form.removeAttribute("aria-busy");
      const next = waiting;
      waiting = null;
      if (next) rearrange(next);
      else pressAgain();
    });
    studio.onSwap = (event) => {
      if (!event.detail.shouldSwap) return;
      const meanwhile = changedSince(before, entries());
      if (meanwhile.some((name) => CHOOSES.has(name) || name.startsWith("keyframe_"))) {
        event.detail.shouldSwap = false; /* another one was chosen since, or a picture came: ask with that */
        waiting = waiting || { extra: meanwhile.some((name) => CHOOSES.has(name)) ? {} : extra, whole: null };
        return;
      }
      studio.turnPane();
      hasCome = true;
      const now = entries();
      const focus = focused();
      const folds = [...$("#pane-form").querySelectorAll("details[data-fold]")].map((one) => [one.dataset.fold, one.open]);
      const isQuoting = $(".quotes-pop").open;
      const scrolled = $(".edit-scroll").scrollTop;
      studio.afterSwap = () => { /* at once: the next letter may come before htmx has settled what it swapped */
        for (const name of meanwhile) set(name, now.get(name) || [""]);
        for (const [name, isOpen] of folds) { const fold = $(`[data-fold="${name}"]`); if (fold && isOpen) fold.open = true; }
        $(".quotes-pop").open = isQuoting;
        $(".edit-scroll").scrollTop = scrolled;
        focus();
        studio.tookAnswer(meanwhile.length > 0);
      };
      studio.afterSettle = () => {
        syncAll();
        studio.tell("rushes:changed");
        if (meanwhile.length) recheck();
      };
    };
  }

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target && event.detail.target.id === "pane-form" && studio.onSwap) { studio.onSwap(event); studio.onSwap = null; }
  });
  for (const [name, step] of [["htmx:afterSwap", "afterSwap"], ["htmx:afterSettle", "afterSettle"]]) {
    document.body.addEventListener(name, (event) => {
      if (event.detail.target && event.detail.target.id === "pane-form" && studio[step]) { studio[step](); studio[step] = null; }
    });
  }

  /* Where no answer came, what is chosen is again what is shown. */
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful || !event.detail.target || event.detail.target.id !== "pane-form") return;
    for (const name of CHOOSES) if (fields(`${name}_was`).length) set(name, [fields(`${name}_was`)[0].value]);
  });

  /* A switch is no check: the check would judge the new choice in the old form. */
  form.addEventListener("input", (event) => { if (event.target.matches("[data-switch]")) event.stopPropagation(); }, true);
  form.addEventListener("change", (event) => { if (event.target.matches("[data-switch]")) rearrange(); });

  /* The account is not what it was when the form was shown: switched off meanwhile, or in another tab. */
  document.addEventListener("rushes:switched", () => rearrange());

  /* Prices that must be asked for: the chosen account's by itself, once nothing has changed for a moment; and while
     one is being asked, look again. */
  let timer = 0;
  let isAsking = false;
  function lookAgain() {
    clearTimeout(timer);
    const asks = $("[data-asks-itself]");
    if (asks) timer = setTimeout(() => { if (!studio.isStale() && !isUnderway && !isAsking) ask(asks.value); }, 700);
    else if ($("[data-asking]")) timer = setTimeout(() => htmx.trigger(form, "rushes:check"), 1500);
  }
  let shownAtAsk = null; /* an answer about a form that is gone says nothing of the one that is shown */
  form.parentElement.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target === form.parentElement && shownAtAsk !== $("#task-head")) event.detail.shouldSwap = false;
  });
  function ask(account) {
    shownAtAsk = $("#task-head");
    const values = { ...Object.fromEntries(entries()), ask: account };
    isAsking = true;
    htmx.ajax("POST", form.dataset.askUrl, { source: form.parentElement, swap: "none", values }).catch(() => {}).finally(() => { isAsking = false; });
  }
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.matches("[data-ask]")) { event.preventDefault(); ask(event.submitter.value); }
  });
  form.addEventListener("rushes:changed", () => clearTimeout(timer));
  document.addEventListener("htmx:afterSettle", lookAgain);
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) lookAgain(); });

  Object.assign(studio, { rearrange, entries, queue });
})();

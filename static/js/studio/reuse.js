/* Reuse: the person's own prompts by Alt+Up, Alt+Down and search; presets and recipes, shown before they are used. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { csrf, toast } = window.rushes;
  const { form, $ } = window.rushes.studio;
  const search = document.getElementById("prompt-search");
  if (!search) return; /* whose role only looks has none */
  const words = search.querySelector("#prompt-words");
  const list = search.querySelector("[data-prompts]");
  const more = search.querySelector("[data-prompts-more]");
  const prompt = () => $("#prompt");

  async function ask(query) {
    const answer = await fetch(`${search.dataset.url}?${new URLSearchParams(query)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("Your earlier prompts cannot be read just now.");
    return answer.json();
  }

  function put(text) {
    const field = prompt();
    field.value = text;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.focus();
    field.setSelectionRange(text.length, text.length);
  }

  /* Walking: newest first; below them all the text that was not sent. */
  let walked = []; /* {text, take} */
  let before = null; /* where the next page begins; null before the first */
  let isWhole = false;
  let at = -1;
  let unsent = "";
  let isAsking = false;

  async function older() {
    const found = await ask(before ? { before } : {});
    const known = new Set(walked.map((one) => one.text));
    walked = walked.concat(found.prompts.filter((one) => !known.has(one.text)));
    before = found.before;
    isWhole = !found.before;
  }

  /* Who has typed since is at the bottom again, with that. */
  function settle() {
    if (at < 0 || prompt().value !== walked[at].text) {
      at = -1;
      unsent = prompt().value;
    }
  }

  async function walk(by) {
    if (isAsking) return;
    settle();
    let to = at + by;
    isAsking = true;
    try {
      while (by > 0 && !isWhole && (to >= walked.length || (at < 0 && walked[to].text === unsent))) {
        if (to < walked.length) to += 1;
        else await older();
      }
    } catch (error) {
      toast(error.message, { bad: true });
      return;
    } finally {
      isAsking = false;
    }
    if (at < 0 && to >= 0 && walked[to] && walked[to].text === unsent) to += 1; /* it stands there already */
    if (to < -1 || to >= walked.length) {
      if (by > 0) say(walked.length ? "Your first one" : "No earlier ones");
      return;
    }
    at = to;
    put(at < 0 ? unsent : walked[at].text);
    say(at < 0 ? "What you typed" : `#${walked[at].take}, ${at + 1} of ${walked.length}${isWhole ? "" : "+"}`);
  }

  /* While one stands there, its place stays beside what is said of the draft. */
  function say(text) {
    const state = $("[data-draft-state]");
    if (!state) return;
    state.textContent = text;
    state.dataset.walked = at < 0 ? "" : text;
  }
  form.addEventListener("input", (event) => {
    if (event.target.id === "prompt" && (at < 0 || prompt().value !== walked[at].text)) $("[data-draft-state]").dataset.walked = "";
  });

  form.addEventListener("keydown", (event) => {
    if (event.target.id !== "prompt") return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      walk(event.key === "ArrowUp" ? 1 : -1);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });

  /* What was queued can be typed over; it is the newest of the earlier ones. */
  document.addEventListener("rushes:queued", () => {
    walked = [];
    before = null;
    isWhole = false;
    at = -1;
    if (document.activeElement === prompt() || document.activeElement === document.body) prompt().select();
  });

  /* Searching */
  let asked = 0;
  let next = null;
  let timer = 0;

  function open() {
    words.value = "";
    search.showModal();
    htmx.trigger(search.querySelector("[data-versions]"), "rushes:open");
    words.focus();
    look();
  }

  async function look(from = null) {
    const mine = ++asked;
    const query = { q: words.value.trim() };
    if (from) query.before = from;
    try {
      const found = await ask(query);
      if (mine !== asked) return;
      next = found.before;
      const items = found.prompts.map(item);
      if (from) list.append(...items);
      else list.replaceChildren(...items);
    } catch (error) {
      search.querySelector("[data-prompts-found]").textContent = error.message;
      return;
    }
    more.hidden = !next;
    const count = list.children.length;
    const none = words.value.trim() ? "No prompt of yours holds these words." : "What you ask for is listed here, once it was queued.";
    search.querySelector("[data-prompts-found]").textContent = count ? `${count}${next ? " and more" : ""}: Enter puts the first one in` : none;
  }

  function item({ text, take, poster }) {
    const row = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "found-prompt" });
    const picture = poster ? Object.assign(document.createElement("img"), { src: poster, alt: "", loading: "lazy" }) : Object.assign(document.createElement("span"), { className: "found-empty" });
    const said = Object.assign(document.createElement("span"), { className: "found-text", textContent: text });
    const number = Object.assign(document.createElement("span"), { className: "number muted", textContent: `#${take}` });
    button.append(picture, said, number);
    button.addEventListener("click", () => { search.close(); put(text); });
    row.append(button);
    return row;
  }

  form.addEventListener("click", (event) => { if (event.target.closest("[data-prompt-search]")) open(); });
  words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
  more.addEventListener("click", () => look(next));
  search.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    if (event.key === "Enter" && document.activeElement === words) {
      event.preventDefault();
      clearTimeout(timer);
      look().then(() => { const first = list.querySelector("button"); if (first) first.click(); });
    } else if (event.key === "ArrowDown" && buttons.length) {
      event.preventDefault();
      buttons[Math.min(here + 1, buttons.length - 1)].focus();
    } else if (event.key === "ArrowUp" && here >= 0) {
      event.preventDefault();
      (buttons[here - 1] || words).focus();
    }
  });

  /* Presets and recipes */
  form.addEventListener("toggle", (event) => {
    if (event.target.matches(".reuse-menu[open]")) htmx.trigger("#recipe-menu", "rushes:open");
  }, true);
  const plan = document.getElementById("recipe-dialog");
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (!event.detail.target || event.detail.target.id !== "recipe-plan") return;
    closeMenu();
    plan.showModal();
  });
  form.addEventListener("click", (event) => { if (event.target.closest(".reuse-menu [data-opens]")) closeMenu(); });
  function closeMenu() {
    const menu = $(".reuse-menu[open]");
    if (menu) menu.open = false;
  }
  plan.addEventListener("click", (event) => { if (event.target.closest("[data-recipe-use]")) plan.close(); });

  const kept = document.getElementById("recipe-save");
  const wrong = kept.querySelector("[data-recipe-wrong]");
  async function keep() {
    const sent = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    for (const input of kept.querySelectorAll("[name^=recipe_]")) {
      if (input.checked || !["radio", "checkbox"].includes(input.type)) sent.append(input.name, input.value);
    }
    const headers = { "X-CSRFToken": csrf(), Accept: "application/json" };
    const answer = await fetch(kept.dataset.url, { method: "POST", headers, body: sent }).catch(() => null);
    const said = answer && await answer.json().catch(() => null);
    if (answer && answer.ok && said) {
      kept.close();
      kept.querySelector("[name=recipe_name]").value = "";
      toast(said.message);
      return;
    }
    wrong.hidden = false;
    wrong.textContent = said && said.message ? said.message : "No connection. Nothing was kept.";
  }
  kept.querySelector("[data-recipe-keep]").addEventListener("click", keep);
  kept.addEventListener("close", () => { wrong.hidden = true; });
  for (const dialog of [search, plan, kept]) {
    dialog.addEventListener("keydown", (event) => { /* the studio's own shortcut queues: never from here */
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.stopPropagation();
    });
  }
  kept.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); keep(); }
  });
})();

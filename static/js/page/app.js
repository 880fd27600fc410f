/* What every page does: the theme, menus, dialogs, copy buttons, toasts, and what htmx needs from us. */
(() => {
  "use strict";
  const root = document.documentElement;

  /* The anti-forgery token, for scripts that use fetch: as it is now, for a sign-in in another tab changes it. htmx takes
     that of the page, from the body's hx-headers: its forms are of whoever opened the page. */
  function csrf() {
    const name = `${document.body.dataset.csrfCookie}=`;
    const kept = document.cookie.split("; ").find((one) => one.startsWith(name));
    return kept ? kept.slice(name.length) : JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  }

  /* A POST by a script: resolves with the JSON of the answer, rejects with an Error whose message is for people. */
  async function post(address) {
    const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } })
      .catch(() => { throw new Error("No connection. Nothing was changed."); });
    const said = await answer.json().catch(() => null);
    if (!answer.ok || !said) throw new Error((said && said.message) || `The server could not do this (error ${answer.status}). Try again.`);
    return said;
  }

  function toast(text, { bad = false, href = "", action = "", picture = "", take = "", isOnlyHeard = false } = {}) {
    const box = document.createElement("div");
    box.className = isOnlyHeard ? "visually-hidden" : "notice" + (bad ? " notice-bad" : "");
    if (picture) box.append(Object.assign(document.createElement("img"), { src: picture, alt: "", width: 96, height: 54 }));
    const words = document.createElement("span");
    words.textContent = text;
    box.append(words);
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = action;
      if (take) link.dataset.take = take;
      box.append(link);
    }
    const toasts = document.getElementById("toasts");
    toasts.style.setProperty("--floor", `${barAtBottom()}px`);
    toasts.append(box);
    setTimeout(() => box.remove(), bad || href ? 9000 : 4000);
  }

  /* How much of the window's foot a bar with a button takes (px): a message never lies over the button. */
  function barAtBottom() {
    const bar = document.querySelector("[data-bar]");
    return bar ? Math.max(0, window.innerHeight - Math.max(0, bar.getBoundingClientRect().top)) : 0;
  }

  /* A request of a script, for HTML that htmx puts in. Each purpose asks from an element of its own, which no answer
     replaces: htmx gives an answer up whose element is gone. The newest waits for the one on its way. An answer that is
     not wanted any more, when it comes, is dropped. */
  const requests = new Map();
  function request(purpose, { method = "GET", address, target, swap = "outerHTML", values = {}, isWanted = () => true }) {
    const send = () => {
      const source = Object.assign(requesterOf(purpose), { isWanted });
      return htmx.ajax(method, address, { source, target, swap, values }).catch(() => {});
    };
    const known = requests.get(purpose);
    if (known) {
      known.next = send;
      return known.done;
    }
    const underway = { next: send };
    requests.set(purpose, underway);
    underway.done = (async () => {
      while (underway.next) {
        const next = underway.next;
        underway.next = null;
        await next();
      }
    })().finally(() => requests.delete(purpose));
    return underway.done;
  }
  function requesterOf(purpose) {
    const id = `requests-${purpose}`;
    const known = document.getElementById(id);
    if (known) return known;
    const made = Object.assign(document.createElement("span"), { id, hidden: true });
    document.body.append(made);
    return made;
  }
  /* What an answer is for may have been shown anew meanwhile: it goes to what stands there now. */
  function retarget(detail) {
    const { target } = detail;
    if (target && target.id && !target.isConnected) detail.target = document.getElementById(target.id) || target;
  }
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt } = event.detail;
    if (elt.isWanted && !elt.isWanted()) event.preventDefault();
    retarget(event.detail);
  });
  /* So may what changed something, such as a button: it is put back, unseen, until its answer has been dealt with. A look
     that is late is left alone: what it saw is old. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (requestConfig.verb === "get") return;
    elt.addEventListener("htmx:beforeOnLoad", (answered) => {
      if (elt.isConnected) return;
      retarget(answered.detail);
      const holder = Object.assign(document.createElement("div"), { hidden: true });
      holder.append(elt);
      document.body.append(holder);
      elt.addEventListener("htmx:afterRequest", () => holder.remove(), { once: true });
    }, { once: true });
  });
  window.rushes = { csrf, post, request, toast };

  /* Theme: one cookie that the server reads, so that no page flashes in the other one. */
  function setTheme(value) {
    document.cookie = `rushes_theme=${value};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-form] button")) {
      button.setAttribute("aria-pressed", String(button.value === value));
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-form]")) return;
    event.preventDefault();
    setTheme(event.submitter ? event.submitter.value : "");
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const opens = event.target.closest("[data-opens]");
    if (opens) {
      event.preventDefault();
      document.querySelector(opens.dataset.opens).showModal();
    }
    const copies = event.target.closest("[data-copies]");
    if (copies) copy(copies);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  async function copy(button) {
    const text = button.dataset.text || document.querySelector(button.dataset.copies).textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      /* No permission, or no https: the old way. */
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "visually-hidden";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  /* On a phone the places scroll sideways: begin with the one we are at. */
  const here = document.querySelector(".places [aria-current]");
  if (here) {
    requestAnimationFrame(() => { /* before that, measuring would lay out a page that scripts are about to change */
      const bar = here.parentElement;
      bar.scrollLeft = here.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
    });
  }

  /* A request answered by the sign-in page: go there, and come back to where we are. An upload would stop with its page,
     and it waits for a sign-in in another tab: then we stay. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const signIn = document.body.dataset.signIn;
    const answered = event.detail.xhr.responseURL;
    if (!signIn || !answered || new URL(answered).pathname !== signIn || location.pathname === signIn) return;
    event.detail.shouldSwap = false;
    if (document.querySelector(".upload-row")) {
      toast("You are signed out: sign in again in another tab.", { bad: true });
      return;
    }
    document.dispatchEvent(new CustomEvent("rushes:leaving"));
    location.assign(`${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
  });
  document.addEventListener("htmx:sendError", () => toast("No connection. What you typed is still here.", { bad: true }));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) toast("Something broke on our side; nothing was sent. Try again.", { bad: true });
    if (event.detail.xhr.status === 400) toast(event.detail.xhr.responseText.slice(0, 300), { bad: true });
    if (event.detail.xhr.status !== 403) return;
    const isOld = event.detail.xhr.getResponseHeader("X-Reason") === "csrf";
    toast(isOld ? "This page is out of date. Reload it, and try again." : "Your role does not allow this. Ask an admin of your team.", { bad: true });
  });
})();

/* Told when done: one question for the whole page after what became of this person's takes. The title counts what runs,
   a toast shows what is done, and who wants it gets a notice of the browser while the tab is open. */
(() => {
  "use strict";
  const { toast } = window.rushes;
  const address = document.body && document.body.dataset.news;
  if (!address) return;
  const WANTED = "rushes:notices"; /* in this browser's storage: notices are wanted */
  const TOLD = "rushes:told"; /* in this tab's: takes that ended and were told of */
  const SOON_MS = 3000;
  const LATER_MS = 20000;
  const name = document.title;
  let stamp = "";
  let running = 0;
  let unread = 0;
  let timer = 0;
  let isAsking = false;

  function kept(storage, key) {
    try { return storage.getItem(key); } catch { return null; }
  }
  function keep(storage, key, value) {
    try { storage.setItem(key, value); } catch { /* full or forbidden: told once more, at worst */ }
  }

  function title() {
    const count = running ? `(${running}) ` : "";
    document.title = `${unread ? "✓ done · " : ""}${count}${name}`;
  }

  function read() { unread = 0; title(); }

  function told() {
    const known = kept(sessionStorage, TOLD);
    return known === null ? null : new Set(known.split(","));
  }

  function tell(ended) {
    const known = told();
    keep(sessionStorage, TOLD, ended.map((one) => one.number).join(","));
    if (known === null) return; /* the first look of this tab: all of it is old */
    for (const one of ended.filter((each) => !known.has(String(each.number)))) say(one);
  }

  /* In the studio a take that is done opens by itself: a message over the page would only say what is seen. */
  const isOnStage = (take) => Boolean(document.querySelector(`[data-tab="${take}"][aria-current][data-clip]`));

  function say(one) {
    if (isOnStage(one.number)) toast(one.says, { isOnlyHeard: true });
    else toast(one.says, { bad: one.is_bad, href: one.href, action: "Show", picture: one.poster, take: one.number });
    document.dispatchEvent(new CustomEvent("rushes:ended", { detail: one }));
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    unread += 1;
    notify(one);
  }

  function notify(one) {
    if (!("Notification" in window) || Notification.permission !== "granted" || kept(localStorage, WANTED) !== "yes") return;
    const notice = new Notification(one.says, { icon: one.poster || undefined, tag: `rushes-${one.number}` });
    notice.addEventListener("click", () => { window.focus(); location.assign(one.href); });
  }

  function draw(news) {
    stamp = news.stamp;
    running = news.running;
    const wasUnread = document.querySelector("[data-unread]")?.dataset.unread || "0";
    for (const [id, html] of Object.entries(news.parts)) {
      const box = document.getElementById(id);
      if (box && box.innerHTML !== html) box.innerHTML = html;
    }
    if (news.unread > Number(wasUnread)) document.dispatchEvent(new CustomEvent("rushes:inbox"));
    tell(news.ended);
    title();
    document.dispatchEvent(new CustomEvent("rushes:talks", { detail: news.talks }));
  }

  /* The takes whose discussion stands on the page: what others say there is news, too. */
  const talks = () => [...new Set([...document.querySelectorAll("[data-talk]")].map((one) => one.dataset.talk))];

  async function ask() {
    clearTimeout(timer);
    if (isAsking) return; /* the answer that is on its way sets the next time */
    isAsking = true;
    const open = talks();
    try {
      const answer = await fetch(`${address}?seen=${encodeURIComponent(stamp)}${open.length ? `&talks=${open.join()}` : ""}`);
      if (answer.redirected || answer.status === 403) return; /* signed out: the sign-in page answers, and no error is logged */
      if (answer.status === 200) draw(await answer.json());
    } catch { /* no connection: asked again */ }
    isAsking = false;
    const isRead = open.length && document.visibilityState === "visible";
    timer = setTimeout(ask, running || isRead ? SOON_MS : LATER_MS);
  }

  /* The switch in the menu: the browser is asked for leave only when it is pressed. */
  function drawSwitch() {
    const is = "Notification" in window && Notification.permission === "granted" && kept(localStorage, WANTED) === "yes";
    for (const one of document.querySelectorAll("[data-notices]")) {
      one.hidden = !("Notification" in window);
      one.setAttribute("aria-checked", String(is));
    }
    return is;
  }
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-notices]")) return;
    if (drawSwitch()) keep(localStorage, WANTED, "no");
    else if (await Notification.requestPermission() === "granted") keep(localStorage, WANTED, "yes");
    else toast("This browser does not allow notices of this page: allow them in its settings.", { bad: true });
    drawSwitch();
  });

  document.addEventListener("rushes:queued", () => { clearTimeout(timer); timer = setTimeout(ask, 1000); });
  /* On the inbox's own page what is new is offered, and put in when it is pressed: nothing moves under the hand. */
  document.addEventListener("rushes:inbox", () => {
    const offer = document.querySelector("[data-inbox-new]");
    if (offer) offer.hidden = false;
  });
  window.addEventListener("focus", read);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") read(); });
  window.addEventListener("focus", () => { if (talks().length) ask(); });
  drawSwitch();
  ask();
})();

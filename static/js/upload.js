/* Uploads, in pieces that survive a broken connection.

   rushes.upload(file, {signal, progress}) -> promise of the asset; rejects with an Error whose message is for people.

   <rushes-upload accept="video/*">…<input type="file" multiple>…</rushes-upload> takes files by button, drop and paste,
   several at once, and shows a row with a progress bar and "Cancel" for each. When a file has been taken it sends a
   bubbling "rushes:uploaded" event with detail.asset. Without this script the input is part of a plain form. */
(() => {
  "use strict";
  const PIECE_BYTES = 25_000_000;
  const AT_ONCE = 2;
  const TRIES = 5;
  const LONGEST_WAIT_MS = 8000;
  const START = "/media/uploads";
  const GONE = "The connection to the server is gone: check it, and upload the file again.";
  const SIGNED_OUT = "You are signed out: sign in again in another tab, then upload the file again.";

  const rushes = (window.rushes = window.rushes || {});
  const stopped = () => new DOMException("The upload was cancelled.", "AbortError");

  /* One request. Resolves with {status, data}; data is the JSON of the answer, or null when it is no JSON. */
  function ask(method, url, { body = null, type = "", headers = {}, signal, sent } = {}) {
    return new Promise((resolve, reject) => {
      if (signal && signal.aborted) { reject(stopped()); return; }
      const request = new XMLHttpRequest();
      const leave = () => request.abort();
      const done = (settle, value) => { if (signal) signal.removeEventListener("abort", leave); settle(value); };
      request.open(method, url);
      request.setRequestHeader("X-CSRFToken", rushes.csrf());
      request.setRequestHeader("Accept", "application/json");
      if (type) request.setRequestHeader("Content-Type", type);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (sent) request.upload.addEventListener("progress", (event) => sent(event.loaded));
      request.addEventListener("load", () => {
        let data = null;
        try { data = JSON.parse(request.responseText); } catch { /* a page, not an answer: see failure() */ }
        done(resolve, { status: request.status, data });
      });
      request.addEventListener("error", () => done(reject, new Error(GONE)));
      request.addEventListener("abort", () => done(reject, stopped()));
      if (signal) signal.addEventListener("abort", leave, { once: true });
      request.send(body);
    });
  }

  function failure({ status, data }) {
    if (data && data.reason) return Object.assign(new Error(data.message), { isForgotten: true });
    if (status === 403) return new Error("Your role does not include uploading: ask an admin of your team.");
    if (status === 404) return new Error("The server no longer knows this upload: choose the file again.");
    if (status === 413) return new Error("The server takes no file of this size: shorten it, or export it smaller.");
    if (status < 400) return new Error(SIGNED_OUT);
    return new Error(`The server could not take the file (error ${status}): try again in a moment.`);
  }

  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  /* Send all pieces. A piece that fails is sent again, from the offset that the server says it has. */
  async function sendPieces(file, url, { signal, progress }) {
    let offset = 0;
    let failed = 0;
    while (offset < file.size) {
      const piece = file.slice(offset, offset + PIECE_BYTES);
      try {
        const answer = await ask("PUT", url, {
          body: piece, type: "application/octet-stream", headers: { "Upload-Offset": String(offset) }, signal,
          sent: (bytes) => progress(Math.min(0.999, (offset + bytes) / file.size)),
        });
        const moved = answer.data && Number.isInteger(answer.data.offset) && (answer.status === 200 || answer.status === 409);
        if (!moved && (answer.status < 500 || answer.status === 507)) throw Object.assign(failure(answer), { isFinal: true });
        if (!moved) throw failure(answer);
        failed = answer.data.offset > offset ? 0 : failed + 1;
        if (failed >= TRIES) throw Object.assign(new Error(GONE), { isFinal: true });
        offset = answer.data.offset;
      } catch (error) {
        failed += 1;
        if (error.name === "AbortError" || error.isFinal || failed >= TRIES) throw error;
        await wait(Math.min(LONGEST_WAIT_MS, 500 * 2 ** failed));
      }
    }
  }

  /* 503: the server cannot store it just now, and has kept every piece. */
  async function finish(url, signal) {
    for (let failed = 1; ; failed += 1) {
      const answer = await ask("POST", `${url}/finish`, { signal });
      if (answer.status !== 503 || failed >= TRIES) return answer;
      await wait(Math.min(LONGEST_WAIT_MS, 500 * 2 ** failed));
    }
  }

  async function uploadNow(file, { signal, progress }) {
    const body = JSON.stringify({ name: file.name || "pasted", size: file.size });
    const begun = await ask("POST", START, { body, type: "application/json", signal });
    if (begun.status !== 201 || !begun.data) throw failure(begun);
    const url = begun.data.url;
    try {
      await sendPieces(file, url, { signal, progress });
      progress(1);
      const finished = await finish(url, signal);
      if (finished.status !== 201 || !finished.data) throw failure(finished);
      return finished.data.asset;
    } catch (error) {
      // Whatever went wrong, nothing half-made stays behind; a file that the server refused is gone already.
      if (!error.isForgotten) ask("DELETE", url).catch(() => {});
      throw error;
    }
  }

  /* Two at a time: more would only share the same line, and each finished file is read once more by the server. */
  const waiting = [];
  let running = 0;
  function next() {
    while (running < AT_ONCE && waiting.length) {
      const { file, options, resolve, reject } = waiting.shift();
      running += 1;
      uploadNow(file, options).then(resolve, reject).finally(() => { running -= 1; next(); });
    }
  }

  rushes.upload = (file, { signal = null, progress = () => {} } = {}) => new Promise((resolve, reject) => {
    waiting.push({ file, options: { signal, progress }, resolve, reject });
    next();
  });

  const make = (tag, values) => Object.assign(document.createElement(tag), values);

  class RushesUpload extends HTMLElement {
    connectedCallback() {
      if (this.list) return;
      this.list = make("ul", { className: "uploads plain-list" });
      this.list.setAttribute("aria-label", "Uploads");
      this.list.setAttribute("aria-live", "polite");
      this.append(this.list);
      this.addEventListener("change", (event) => this.chosen(event));
      for (const kind of ["dragenter", "dragover"]) this.addEventListener(kind, (event) => this.over(event));
      for (const kind of ["dragleave", "drop"]) this.addEventListener(kind, () => this.classList.remove("is-over"));
      this.addEventListener("drop", (event) => { event.preventDefault(); this.take(event.dataTransfer.files); });
      this.pasted = (event) => this.paste(event);
      document.addEventListener("paste", this.pasted);
    }

    disconnectedCallback() {
      document.removeEventListener("paste", this.pasted);
    }

    chosen(event) {
      if (event.target.type !== "file") return;
      const files = [...event.target.files];
      event.target.value = "";
      this.take(files);
    }

    over(event) {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.classList.add("is-over");
    }

    paste(event) {
      const files = event.clipboardData ? event.clipboardData.files : [];
      if (!files.length || !this.checkVisibility()) return;
      event.preventDefault();
      this.take(files);
    }

    take(files) {
      for (const file of files) this.send(file);
    }

    async send(file) {
      const row = this.row(file);
      try {
        const asset = await rushes.upload(file, { signal: row.leave.signal, progress: row.show });
        row.item.remove();
        this.dispatchEvent(new CustomEvent("rushes:uploaded", { bubbles: true, detail: { asset } }));
      } catch (error) {
        if (error.name === "AbortError") row.item.remove();
        else row.fail(error.message);
      }
    }

    row(file) {
      const leave = new AbortController();
      const item = make("li", { className: "upload-row" });
      const state = make("span", { className: "muted number", textContent: "Waiting" });
      const stop = make("button", { type: "button", className: "btn btn-small btn-quiet", textContent: "Cancel" });
      const bar = make("progress", { max: 1, value: 0 });
      stop.setAttribute("aria-label", `Cancel the upload of ${file.name}`);
      bar.setAttribute("aria-label", `Uploading ${file.name}`);
      stop.addEventListener("click", () => { leave.abort(); item.remove(); });
      item.append(make("span", { className: "clip", textContent: file.name }), state, stop, bar);
      this.list.append(item);
      const show = (share) => {
        state.textContent = share < 1 ? `${Math.floor(share * 100)} %` : "Reading it …";
        if (share < 1) bar.value = share;
        else bar.removeAttribute("value");
      };
      const fail = (message) => {
        item.classList.add("is-bad");
        bar.remove();
        state.textContent = "Not taken";
        stop.textContent = "Close";
        stop.setAttribute("aria-label", `Close the message about ${file.name}`);
        const note = make("p", { className: "note note-bad", textContent: message });
        note.setAttribute("role", "alert");
        item.append(note);
      };
      return { item, leave, show, fail };
    }
  }
  customElements.define("rushes-upload", RushesUpload);
})();

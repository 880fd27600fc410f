/* Uploads, in pieces that survive a broken connection, a sign-out and a reload.

   rushes.upload(file, {signal, progress, waits}) -> promise of the asset; rejects with an Error whose message is for
   people. `progress` is called with the share that has arrived (1: the server reads the file), `waits` with a sentence
   while nothing moves. Every request may be asked again: the server gives the same upload for the same file, says how
   far that has come, and finishes it once. Nothing that has arrived is deleted but by `signal`. */
(() => {
  "use strict";
  const PIECE_BYTES = 25_000_000;
  const EDGE_BYTES = 65_536;
  const READ_BYTES = 4_000_000;
  const AT_ONCE = 2;
  const TRIES = 5;
  const LONGEST_WAIT_MS = 8000;
  const SILENT_MS = 60_000;
  const START = "/media/uploads";
  const KEPT = "What has arrived is kept for a day: choose the file again to go on.";
  const NO_LINE = "No connection to the server. The upload goes on by itself when there is one.";
  const SIGNED_OUT = "You are signed out: sign in again in another tab. The upload goes on by itself.";
  const OTHER_PAGE = "Something between this browser and the studio answers in its place, such as the sign-in of a network. The upload goes on by itself.";
  const BREAKS_OFF = `The server can be reached, but the connection breaks off each time that a piece is sent. ${KEPT}`;
  const OUT_OF_DATE = `This page is out of date: reload it. ${KEPT}`;
  const CHANGED = "This file cannot be read any more: it was changed or moved after it was chosen. Choose it again.";

  const rushes = (window.rushes = window.rushes || {});
  const stopped = () => new DOMException("The upload was cancelled.", "AbortError");

  /* One request. Resolves with {status, data}: status 0 when no answer came, data the JSON of the answer or null. */
  function ask(method, url, { body = null, type = "", headers = {}, signal, sent = () => {} } = {}) {
    return new Promise((resolve, reject) => {
      if (signal && signal.aborted) { reject(stopped()); return; }
      const request = new XMLHttpRequest();
      const leave = () => request.abort();
      let silence = 0;
      const heard = () => { clearTimeout(silence); silence = setTimeout(leave, SILENT_MS); };
      const done = (settle, value) => {
        clearTimeout(silence);
        if (signal) signal.removeEventListener("abort", leave);
        settle(value);
      };
      const broken = () => { if (signal && signal.aborted) done(reject, stopped()); else done(resolve, { status: 0, data: null }); };
      request.open(method, url);
      request.setRequestHeader("X-CSRFToken", rushes.csrf());
      request.setRequestHeader("Accept", "application/json");
      if (type) request.setRequestHeader("Content-Type", type);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (body) request.upload.addEventListener("progress", (event) => { heard(); sent(event.loaded); });
      request.addEventListener("load", () => {
        let data = null;
        try { data = JSON.parse(request.responseText); } catch { /* a page, not an answer of ours */ }
        done(resolve, { status: request.status, data });
      });
      request.addEventListener("error", broken);
      request.addEventListener("abort", broken);
      if (signal) signal.addEventListener("abort", leave, { once: true });
      heard();
      request.send(body);
    });
  }

  const reasonOf = (answer) => (answer.data ? answer.data.reason : "");
  const isPage = (answer) => answer.status >= 200 && answer.status < 400 && !answer.data;
  const isBroken = (answer) => answer.status >= 500 && answer.status !== 507;
  const isAboutUs = (answer) => !answer.status || answer.status === 401 || reasonOf(answer) === "csrf" || isPage(answer) || isBroken(answer);

  function failure(answer) {
    const { status, data } = answer;
    const say = (message, more = {}) => Object.assign(new Error(message), more);
    if (!status) return say(BREAKS_OFF, { canRepeat: true });
    if (reasonOf(answer) === "csrf") return say(OUT_OF_DATE);
    if (status === 404) return say("The server no longer knows this upload: choose the file again.", { isForgotten: true });
    if (data && data.message) return say(data.message, { canRepeat: isBroken(answer) });
    if (status === 413) return say("A server on the way takes no piece of this size: ask an admin to raise its limit.");
    if (status === 403) return say("A server on the way does not let this file through: ask an admin.");
    return say(`The server could not take the file (error ${status}). ${KEPT}`, { canRepeat: true });
  }

  /* Wait, ever longer; less long when the browser is online again or its tab is looked at. */
  function pause(failed, signal) {
    return new Promise((resolve, reject) => {
      const over = new AbortController();
      const done = () => { clearTimeout(timer); over.abort(); if (signal && signal.aborted) reject(stopped()); else resolve(); };
      const timer = setTimeout(done, Math.min(LONGEST_WAIT_MS, 250 * 2 ** failed));
      window.addEventListener("online", done, { signal: over.signal });
      document.addEventListener("visibilitychange", done, { signal: over.signal });
      if (signal) signal.addEventListener("abort", done, { signal: over.signal });
    });
  }

  /* Ask until there is an answer about the upload itself. A lost connection and a sign-out are waited out for as long as
     they last; trouble of the server is for so many tries. */
  async function patiently(request, trip) {
    let broken = 0;
    for (let failed = 1; ; failed += 1) {
      const answer = await request();
      if (!answer.status) trip.waits(NO_LINE);
      else if (answer.status === 401) { trip.wasSignedOut = true; trip.waits(SIGNED_OUT); }
      else if (isPage(answer)) trip.waits(OTHER_PAGE);
      else if (reasonOf(answer) === "being_taken") trip.waits("");
      else if ((isBroken(answer) || reasonOf(answer) === "csrf") && broken < TRIES - 1) broken += 1;
      else { trip.waits(""); return answer; }
      await pause(failed, trip.signal);
    }
  }

  /* CRC-32, as zip has it: also where a page without https may use no other. */
  const TABLE = Uint32Array.from({ length: 256 }, (_, at) => {
    let value = at;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  async function crc32(file, first, end) {
    let crc = -1;
    for (let at = first; at < end; at += READ_BYTES) {
      const bytes = new Uint8Array(await file.slice(at, Math.min(end, at + READ_BYTES)).arrayBuffer());
      for (let one = 0; one < bytes.length; one += 1) crc = TABLE[(crc ^ bytes[one]) & 255] ^ (crc >>> 8);
    }
    return (crc ^ -1) >>> 0;
  }

  /* What a file is known again by, beside its name and size. */
  async function markOf(file) {
    const head = await crc32(file, 0, Math.min(EDGE_BYTES, file.size));
    const tail = await crc32(file, Math.max(0, file.size - EDGE_BYTES), file.size);
    return `${file.lastModified}-${head}-${tail}`;
  }

  /* Open the upload, or find the one of this file that is there. What it has is compared with the file: another one of
     the same name, size, time and ends begins anew beside it. */
  async function begin(trip, mark) {
    const { file, signal } = trip;
    const body = JSON.stringify({ name: file.name || "pasted", size: file.size, mark });
    const begun = await patiently(() => ask("POST", START, { body, type: "application/json", signal }), trip);
    if ((begun.status !== 201 && begun.status !== 200) || !begun.data.url) throw failure(begun);
    const { url, offset, crc32: theirs } = begun.data;
    if (offset && (await crc32(file, 0, offset)) !== theirs) return begin(trip, `${mark}-${Math.random().toString(36).slice(2)}`);
    Object.assign(trip, { url, offset });
    return trip;
  }

  /* Send what is missing. Where a piece gets no answer the server is asked what it has, before anything is blamed. */
  async function sendPieces(trip) {
    const { file, signal, url } = trip;
    let stuck = 0;
    while (trip.offset < file.size) {
      const { offset } = trip;
      trip.progress(Math.min(0.999, offset / file.size));
      const sent = await ask("PUT", url, {
        body: file.slice(offset, offset + PIECE_BYTES), type: "application/octet-stream",
        headers: { "Upload-Offset": String(offset) }, signal,
        sent: (bytes) => trip.progress(Math.min(0.999, (offset + bytes) / file.size)),
      });
      if (!sent.status) await pause(1, signal); /* what is still on its way comes to rest */
      const answer = isAboutUs(sent) ? await patiently(() => ask("GET", url, { signal }), trip) : sent;
      const isTold = (answer.status === 200 || answer.status === 409) && answer.data && Number.isInteger(answer.data.offset);
      if (!isTold) throw failure(answer);
      trip.offset = answer.data.offset;
      stuck = trip.offset > offset ? 0 : stuck + 1;
      if (!stuck) continue;
      await file.slice(offset, offset + 1).arrayBuffer(); /* or the file itself is what cannot be read */
      if (stuck >= TRIES) throw failure(isAboutUs(sent) && sent.status !== 401 ? sent : { status: 0, data: null });
      await pause(stuck, signal);
    }
  }

  async function finish(trip) {
    for (let missing = 0; ; missing += 1) {
      await sendPieces(trip);
      trip.progress(1);
      const answer = await patiently(() => ask("POST", `${trip.url}/finish`, { signal: trip.signal }), trip);
      if (answer.status === 201 && answer.data) return answer.data.asset;
      if (answer.status !== 409 || !answer.data || !Number.isInteger(answer.data.offset) || missing >= TRIES) throw failure(answer);
      trip.offset = answer.data.offset;
    }
  }

  async function uploadNow(file, options) {
    const trip = { file, ...options, url: "", offset: 0, wasSignedOut: false };
    for (let isFirst = true; ; isFirst = false) {
      try {
        await begin(trip, await markOf(file));
        return await finish(trip);
      } catch (error) {
        if (error.name === "AbortError" && trip.url) ask("DELETE", trip.url);
        if (error.name === "NotReadableError" || error.name === "NotFoundError") throw new Error(CHANGED);
        /* Cleared away meanwhile: sent anew, but not for somebody else who has signed in since. */
        if (!error.isForgotten || !isFirst || trip.wasSignedOut) throw error;
      }
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

  rushes.upload = (file, { signal = null, progress = () => {}, waits = () => {} } = {}) => new Promise((resolve, reject) => {
    waiting.push({ file, options: { signal, progress, waits }, resolve, reject });
    next();
  });
})();

/* Playing in step: the lead plays, the others follow it by small changes of their speed, and what is shown of them is one
   moment, also where a decoder is late and where the loop turns.

   window.rushes.inStep(host) -> {play, pause, turnTo, rejoin, isPlaying}. The host (monitor.js) says: members() the layers that
   play, the lead first; seen() those of them that are visible; range() the first and last frame of the lead; rate();
   loops(); and is told: onFrame(frame) of each frame shown, onPlaying(is). */
(() => {
  "use strict";
  const KEPT = 6; /* pictures of each clip that wait for those of the others */
  const SEEKS_BEYOND_S = 0.35;
  const SEEKS_EVERY_MS = 700;
  const DRY_MS = 250;
  const WAITS_MS = 10000;

  function inStep(host) {
    const player = { play, pause, turnTo, rejoin, isPlaying: false };
    const kept = new WeakMap(); /* layer -> its newest pictures */
    const watched = new WeakSet();
    const sought = new WeakMap(); /* layer -> when it was last put right by a seek */
    let turn = 0; /* counts plays and loops: pictures of different ones are never shown together */
    let run = 0;
    let isTurning = false;
    let shownLast = null;
    let drySince = null;

    const members = () => host.members().filter((one) => one.video && one.clock.starts);
    const seen = () => host.seen().filter((one) => one.video && one.clock.starts);
    const isSeveral = () => seen().length > 1;
    const secondsOf = (layer) => layer.video.currentTime - layer.clock.begins;
    const endOf = (layer) => layer.clock.starts[layer.clip.frames];
    const lasts = (layer, frame) => layer.clock.starts[frame + 1] - layer.clock.starts[frame];

    /* The same moment in another clip; times are rounded, to a thousandth of a second in some files. */
    function frameIn(layer, lead, frame) {
      return layer === lead ? frame : layer.clock.at(lead.clock.starts[frame] + 0.001);
    }

    async function play() {
      if (player.isPlaying) return;
      player.isPlaying = true;
      host.onPlaying(true);
      run += 1;
      const mine = run;
      holdAll();
      const [lead] = members();
      const there = members().map((one) => one.go(frameIn(one, lead, host.frame()), { keepsCover: isSeveral() }));
      await Promise.all(there);
      if (run !== mine) return;
      holdAll();
      begin();
      if (!(await startAll())) pause();
      else if (run === mine) requestAnimationFrame(() => tick(mine));
    }

    /* They do not go and start at the same instant: until all have, the pictures that are there stay. */
    function holdAll() {
      if (isSeveral()) for (const layer of seen()) layer.show(layer.video);
    }

    function begin() {
      turn += 1;
      shownLast = null;
      for (const layer of members()) {
        layer.end(false);
        layer.video.muted = layer !== members()[0] || host.isMuted();
        layer.video.playbackRate = host.rate();
        kept.set(layer, []);
        watch(layer);
      }
      if (isSeveral()) for (const layer of seen()) take(layer);
    }

    /* Others are members now, or another one leads: they are put in step as they play. */
    function rejoin() {
      if (!player.isPlaying) return;
      begin();
      const all = members();
      if (all[0] && all[0].video.paused && !isTurning) startAll();
    }

    /* Resolves with whether the lead plays: a browser may refuse. */
    async function startAll() {
      const begun = members().map((one) => one.video.play().then(() => true, () => false));
      return (await Promise.all(begun))[0];
    }

    /* Stops on the frame that is shown: every clip goes there exactly, and all are uncovered together. */
    async function pause({ frame = host.frame() } = {}) {
      const wasPlaying = player.isPlaying;
      player.isPlaying = false;
      run += 1;
      const [lead, ...rest] = members();
      if (!lead) return;
      if (isSeveral()) present();
      for (const layer of [lead, ...rest]) layer.video.pause();
      if (wasPlaying) host.onPlaying(false);
      await goAll(lead, rest, frame);
    }

    async function goAll(lead, rest, frame) {
      const mine = run;
      const all = [lead, ...rest];
      await Promise.all(all.map((one) => one.go(frameIn(one, lead, frame), { keepsCover: true })));
      if (mine === run) for (const one of all) one.uncover();
    }

    /* To a frame while it plays: all go there, and play on when all are there. */
    async function turnTo(frame) {
      if (isTurning) return;
      isTurning = true;
      const mine = run;
      const [lead, ...rest] = members();
      if (rest.length || lead.video.ended) {
        for (const layer of [lead, ...rest]) layer.video.pause();
        await Promise.all([lead, ...rest].map((one) => one.go(frameIn(one, lead, frame), { keepsCover: true })));
      } else {
        await jump(lead, frame);
      }
      isTurning = false;
      if (mine !== run) return;
      begin();
      host.onFrame(frame);
      if (!(await startAll())) pause();
    }

    /* One clip alone plays on through the seek. */
    function jump(layer, frame) {
      return new Promise((done) => {
        layer.video.addEventListener("seeked", done, { once: true });
        setTimeout(done, 1000);
        layer.video.currentTime = layer.clock.middle(frame);
      });
    }

    function tick(mine) {
      if (run !== mine) return;
      requestAnimationFrame(() => tick(mine));
      if (isTurning) return;
      const [lead, ...rest] = members();
      if (!lead) return;
      const [first, last] = host.range();
      if (lead.video.ended || secondsOf(lead) >= lead.clock.starts[last + 1] - early(lead, last)) {
        if (host.loops()) turnTo(first);
        else {
          host.onFrame(last);
          pause({ frame: last });
        }
        return;
      }
      if (rest.length && isDry([lead, ...rest])) return;
      for (const layer of rest) steer(layer, lead);
      if (isSeveral()) present();
    }

    /* An out point is left a little early, that no frame behind it flashes up (seconds). */
    function early(lead, last) {
      if (last === lead.clip.frames - 1 || isSeveral()) return 0.001;
      return Math.min(0.012 * host.rate(), lasts(lead, last) / 2);
    }

    /* A follower is led by its speed. A seek shows as a stutter, so it is for large differences only. */
    function steer(layer, lead) {
      const now = secondsOf(lead);
      const isOver = now >= endOf(layer) - 0.002;
      layer.end(isOver);
      if (isOver) {
        if (!layer.video.paused) layer.video.pause();
        if (layer.at !== layer.clip.frames - 1) layer.go(layer.clip.frames - 1, { keepsCover: true });
        return;
      }
      if (layer.isBusy || layer.video.seeking) return;
      if (layer.video.paused) layer.video.play().catch(() => {});
      const ahead = secondsOf(layer) - now;
      const since = performance.now() - (sought.get(layer) || 0);
      if (Math.abs(ahead) > SEEKS_BEYOND_S * Math.max(1, host.rate()) && since > SEEKS_EVERY_MS) {
        sought.set(layer, performance.now());
        layer.video.currentTime = layer.clock.begins + now;
        return;
      }
      const speed = host.rate() * Math.max(0.6, Math.min(1.5, 1 - (ahead * 4) / host.rate()));
      if (Math.abs(layer.video.playbackRate - speed) > 0.015 * host.rate()) layer.video.playbackRate = speed;
    }

    /* One of them has nothing to show: the others wait for it. */
    function isDry(all) {
      const dry = all.filter((one) => !one.video.ended && one.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
      if (!dry.length) {
        drySince = null;
        return false;
      }
      drySince = drySince || performance.now();
      if (performance.now() - drySince < DRY_MS) return false;
      waitFor(all);
      return true;
    }

    async function waitFor(all) {
      isTurning = true;
      const mine = run;
      for (const layer of all) layer.video.pause();
      const begun = performance.now();
      const isThere = (one) => one.video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
      while (mine === run && !all.every(isThere) && performance.now() - begun < WAITS_MS) {
        await new Promise((done) => setTimeout(done, 100));
      }
      isTurning = false;
      drySince = null;
      if (mine === run) startAll();
    }

    function watch(layer) {
      if (watched.has(layer)) return;
      watched.add(layer);
      if (!("requestVideoFrameCallback" in layer.video)) {
        layer.video.addEventListener("timeupdate", () => came(layer, layer.video.currentTime));
        return;
      }
      const told = (_now, data) => {
        came(layer, data.mediaTime);
        layer.video.requestVideoFrameCallback(told);
      };
      layer.video.requestVideoFrameCallback(told);
    }

    function came(layer, mediaTime) {
      if (!player.isPlaying || isTurning || layer.video.seeking) return;
      if (isSeveral()) take(layer);
      else if (layer === members()[0]) tell(layer.clock.nearest(mediaTime));
    }

    function tell(frame) {
      const [first, last] = host.range();
      if (frame >= Math.min(first, host.frame()) && frame <= last) host.onFrame(frame);
    }

    /* Keeps the picture that a video has now, with its frame. */
    function take(layer) {
      const mine = kept.get(layer);
      if (!mine || !seen().includes(layer)) return;
      const grabbed = grab(layer.video);
      const frame = layer.clock.nearest(grabbed.seconds);
      const place = mine.length < KEPT ? { canvas: document.createElement("canvas") } : mine.shift();
      const pen = layer.sized(place.canvas);
      pen.drawImage(grabbed.picture, 0, 0, place.canvas.width, place.canvas.height);
      grabbed.close();
      mine.push(Object.assign(place, { frame, turn, seconds: layer.clock.starts[frame] }));
    }

    /* A video's picture with its own time, where the browser tells it (not on plain http). */
    function grab(video) {
      if (window.VideoFrame) {
        try {
          const picture = new VideoFrame(video);
          return { picture, seconds: picture.timestamp / 1e6, close: () => picture.close() };
        } catch { /* some browsers cannot while they seek */ }
      }
      return { picture: video, seconds: video.currentTime, close: () => {} };
    }

    /* Shows the newest moment of which there is a picture of every clip, at most one frame apart. */
    function present() {
      const [lead, ...rest] = seen();
      for (const mine of [...(kept.get(lead) || [])].reverse()) {
        if (mine.frame > host.range()[1]) continue;
        if (mine.turn !== turn || (shownLast !== null && mine.frame <= shownLast)) break;
        const others = rest.map((layer) => partner(layer, lead, mine));
        if (!others.every(Boolean)) continue;
        lead.show(mine.canvas);
        rest.forEach((layer, at) => layer.show(others[at].canvas));
        shownLast = mine.frame;
        if (lead === members()[0]) host.onFrame(mine.frame);
        return;
      }
    }

    function partner(layer, lead, mine) {
      const end = layer.clip.frames - 1;
      const all = (kept.get(layer) || []).filter((one) => one.turn === turn);
      if (!all.length) return null;
      if (mine.seconds >= layer.clock.starts[end]) return all[all.length - 1];
      const far = (one) => Math.abs(one.seconds - mine.seconds);
      const best = all.reduce((one, other) => (far(other) < far(one) ? other : one));
      const frames = Math.max(lasts(lead, mine.frame), lasts(layer, best.frame));
      return far(best) <= 1.02 * frames ? best : null;
    }
    return player;
  }

  window.rushes.inStep = inStep;
})();

/* The stage: one to nine clips in step. Markup: templates/stage/_stage.html.

   window.rushes.stage.of(element in or around it) -> {
     clips, lead (the clip that leads), leadIndex, against (index), frame, frames, mode, clock, video, range ([in, out] or null),
     show(clips, {mode, lead, against}), setMode(mode), choose(index), seek(frame), scrub(frame), step(by), toggle(), play(),
     pause(), seconds(first, last), setRange(first, last), setRate(rate), setLoop(is), settled() }.
   `lead` and `against` of show() are indexes. All frames are the lead's; the others follow by time from their start.

   It tells, bubbling: rushes:frame {frame}, rushes:times, rushes:clips, rushes:clip {clip}, rushes:mode {mode},
   rushes:range {first, last} (null: none), rushes:playing {is}. It obeys rushes:seek {frame}. */
(() => {
  "use strict";
  const MOST = 9;
  const PAIRS = ["wipe", "wipe-y", "side", "overlay", "difference"];
  const MODES = ["single", ...PAIRS, "flick", "grid"];
  const stages = new WeakMap();

  function make(element) {
    const picture = element.querySelector("[data-picture]");
    const ghost = element.querySelector("[data-ghost]");
    let layers = [...picture.querySelectorAll("[data-layer]")].map((box) => window.rushes.layer(JSON.parse(box.dataset.clip), box));
    const state = { lead: 0, against: 1, mode: "single", frame: 0, range: null, rate: 1, loops: true, isMuted: false };

    const lead = () => layers[state.lead];
    const tell = (name, detail = {}) => element.dispatchEvent(new CustomEvent(`rushes:${name}`, { bubbles: true, detail }));
    const clamp = (frame) => Math.max(0, Math.min(lead().clip.frames - 1, Math.round(frame) || 0));
    const leadFirst = (all) => [lead(), ...all.filter((one) => one !== lead())];
    const isPair = () => PAIRS.includes(state.mode);

    function seen() {
      if (state.mode === "grid") return leadFirst(layers);
      return isPair() ? [lead(), layers[state.against]] : [lead()];
    }

    const members = () => (state.mode === "single" ? [lead()] : state.mode === "flick" ? leadFirst(layers) : seen());

    function range() {
      const last = lead().clip.frames - 1;
      return state.range ? [Math.min(state.range[0], last), Math.min(state.range[1], last)] : [0, last];
    }

    function onFrame(frame) {
      state.frame = clamp(frame);
      tell("frame", { frame: state.frame });
    }

    function onPlaying(is) {
      element.classList.toggle("is-playing", is);
      tell("playing", { is });
    }

    const player = window.rushes.inStep({
      members, seen, range, onFrame, onPlaying,
      frame: () => state.frame, rate: () => state.rate, loops: () => state.loops, isMuted: () => state.isMuted,
    });

    /* Every member to the lead's frame; resolves when all of them show it. */
    async function place({ isRough = false } = {}) {
      const first = lead();
      if (first.clock.starts === null) await first.clock.load();
      return Promise.all(members().map(async (layer) => {
        if (layer.clock.starts === null) await layer.clock.load();
        if (first !== lead() || !members().includes(layer)) return;
        const goal = frameIn(layer);
        const there = layer.go(goal);
        if (isRough && seen().includes(layer)) layer.rough(goal);
        await there;
      }));
    }

    /* The lead's moment in another clip; the shorter one holds its last frame. */
    function frameIn(layer) {
      const { starts } = lead().clock;
      if (layer === lead() || !starts || !layer.clock.starts) return state.frame;
      layer.end(starts[state.frame] >= layer.clock.starts[layer.clip.frames] - 0.002);
      return layer.clock.at(starts[state.frame] + 0.001); /* times are rounded, to a thousandth of a second in some files */
    }

    function goTo(frame, how) {
      state.frame = clamp(frame);
      if (player.isPlaying) player.pause({ frame: state.frame });
      else now(how);
      tell("frame", { frame: state.frame });
    }

    /* At once where the times are known: whoever asked looks at the video next. */
    function now({ isRough = false } = {}) {
      const isKnown = members().every((one) => one.clock.starts);
      if (!isKnown) return void place({ isRough });
      for (const layer of members()) {
        const goal = frameIn(layer);
        layer.go(goal);
        if (isRough && seen().includes(layer)) layer.rough(goal);
      }
    }

    const seek = (frame) => goTo(frame, { isRough: false });
    const scrub = (frame) => goTo(frame, { isRough: true });

    function play() {
      if (!lead().video || player.isPlaying) return;
      const [first, last] = range();
      if (state.frame >= last || state.frame < first) onFrame(first);
      player.play();
    }

    const pause = () => player.pause();
    const toggle = () => (player.isPlaying ? pause() : play());

    function setRange(first, last) {
      state.range = first === null || first === undefined ? null : [clamp(Math.min(first, last)), clamp(Math.max(first, last))];
      const [from, to] = state.range || [null, null];
      tell("range", { first: from, last: to });
    }

    function setRate(rate) {
      state.rate = rate;
      for (const layer of members()) if (layer.video) layer.video.playbackRate = rate;
    }

    function setSound({ isMuted, volume }) {
      state.isMuted = isMuted;
      for (const layer of layers) {
        if (!layer.video) continue;
        layer.video.muted = isMuted || layer !== lead();
        if (volume !== undefined) layer.video.volume = volume;
      }
    }

    /* How long some frames, both included, are shown. */
    function seconds(from, to) {
      const { starts } = lead().clock;
      const isKnown = starts && from >= 0 && from <= to && to < lead().clip.frames;
      return isKnown ? starts[to + 1] - starts[from] : null;
    }

    /* Which clips the mode shows and how: the style sheet does the rest. */
    function arrange() {
      element.dataset.mode = state.mode;
      const upper = isPair() ? layers[Math.min(state.lead, state.against)] : null;
      const over = ["overlay", "difference"].includes(state.mode) ? layers[state.against] : upper;
      layers.forEach((layer, at) => {
        const { classList } = layer.box;
        classList.toggle("is-lead", at === state.lead);
        classList.toggle("is-seen", seen().includes(layer));
        classList.toggle("is-over", layer === over);
        if (!seen().includes(layer)) layer.uncover();
        cell(layer);
        lay(layer);
        if (members().includes(layer)) layer.wake();
        else if (layer.video) layer.video.pause();
        if (layer.video) layer.video.muted = state.isMuted || at !== state.lead;
      });
    }

    /* Where a clip's cell is, in columns and rows: moved by `translate`, so that nothing counts as shifted. */
    function cell(layer) {
      const all = layers.filter((one) => seen().includes(one));
      const isCells = ["side", "grid"].includes(state.mode);
      const columns = !isCells ? 1 : state.mode === "side" || all.length === 4 ? 2 : Math.min(3, all.length);
      const rows = isCells ? Math.ceil(all.length / columns) : 1;
      const place = isCells ? Math.max(0, all.indexOf(layer)) : 0;
      const values = { columns, rows, column: place % columns, row: Math.floor(place / columns) };
      for (const [name, value] of Object.entries(values)) layer.box.style.setProperty(`--${name}`, value);
    }

    /* A reframe's source is laid over the part of the picture that shows it; whatever else has its own shape. */
    function lay(layer) {
      const other = layers.find((one) => one !== layer && seen().includes(one));
      const take = other && other.clip.take;
      const isLaid = isPair() && state.mode !== "side" && take && take.laid && take.source === layer.clip.id && !layer.clip.take;
      layer.box.classList.toggle("is-laid", Boolean(isLaid));
      if (isLaid) layer.frame.style.setProperty("--ratio", other.clip.width / other.clip.height);
      ["x", "y", "w", "h"].forEach((name, at) => {
        if (isLaid) layer.frame.style.setProperty(`--${name}`, `${take.laid[at] * 100}%`);
        else layer.frame.style.removeProperty(`--${name}`);
      });
    }

    function change(steps) {
      const before = { clip: lead().clip, seconds: secondsAt(), mode: state.mode };
      steps();
      arrange();
      const isOther = lead().clip !== before.clip;
      if (isOther && before.seconds !== null) carry(before.seconds);
      if (player.isPlaying) player.rejoin();
      else now();
      if (isOther) {
        tell("clip", { clip: lead().clip });
        timesOf(lead());
      }
      if (state.mode !== before.mode) tell("mode", { mode: state.mode });
      tell("frame", { frame: state.frame });
    }

    const secondsAt = () => (lead().clock.starts ? lead().clock.starts[state.frame] : null);

    /* Another clip leads: at the same moment, its loop over the same time. */
    function carry(at) {
      const layer = lead();
      if (layer.clock.starts) state.frame = layer.clock.at(at + 0.001);
      else {
        const [over, under] = layer.clip.fps || [0, 1];
        state.frame = clamp((at * over) / under);
      }
    }

    function setMode(mode, { against } = {}) {
      const known = MODES.includes(mode) && layers.length > 1 ? mode : "single";
      change(() => {
        state.mode = known;
        state.against = pairOf(against === undefined ? state.against : against);
      });
    }

    /* The index of what the lead is compared with: its source, where nothing else is asked. */
    function pairOf(asked) {
      if (asked !== state.lead && layers[asked]) return asked;
      const { take, id } = lead().clip;
      const near = layers.findIndex((one) => (take ? !one.clip.take && one.clip.id === take.source : one.clip.take && one.clip.take.source === id));
      return near >= 0 ? near : state.lead === 0 ? Math.min(1, layers.length - 1) : 0;
    }

    /* The clip with this index leads. Of a pair the other one stays, and where it was the other, they change places. */
    function choose(index) {
      if (!layers[index] || index === state.lead) return;
      change(() => {
        const was = state.lead;
        state.lead = index;
        state.against = index === state.against ? was : pairOf(state.against);
      });
    }

    const isRelated = (one, other) => {
      const root = (clip) => (clip.take && clip.take.source) || clip.id;
      return root(one) === root(other) || one.id === root(other) || other.id === root(one);
    };

    function show(clips, { mode, lead: index = 0, against } = {}) {
      const found = clips.slice(0, MOST);
      const old = layers;
      const before = { clip: lead().clip, seconds: secondsAt(), mode: state.mode };
      const keyOf = (clip) => `${clip.id} ${clip.take ? clip.take.number : ""} ${clip.src}`;
      layers = found.map((clip) => old.find((one) => keyOf(one.clip) === keyOf(clip)) || window.rushes.layer(clip));
      if (player.isPlaying) player.pause();
      for (const layer of old) if (!layers.includes(layer)) remove(layer);
      const line = picture.querySelector("[data-line]");
      layers.forEach((layer) => line.before(layer.box));
      state.lead = Math.max(0, Math.min(layers.length - 1, index));
      state.mode = MODES.includes(mode) && layers.length > 1 ? mode : "single";
      state.against = pairOf(against === undefined ? -1 : against);
      const { clip } = lead();
      ghost.setAttribute("viewBox", `0 0 ${clip.width || 16} ${clip.height || 9}`);
      state.frame = 0;
      if (!isRelated(clip, before.clip)) setRange(null);
      else if (before.seconds !== null) carry(before.seconds);
      state.frame = clamp(state.frame);
      arrange();
      now();
      tell("clips");
      tell("clip", { clip });
      timesOf(lead());
      if (state.mode !== before.mode) tell("mode", { mode: state.mode });
      tell("frame", { frame: state.frame });
    }

    function remove(layer) {
      if (layer.video) {
        layer.video.pause();
        layer.video.removeAttribute("src");
        layer.video.load(); /* lets go of the download */
      }
      layer.box.remove();
    }

    async function timesOf(layer) {
      if (await layer.clock.load() && layer === lead()) {
        state.frame = clamp(state.frame);
        tell("frame", { frame: state.frame });
        tell("times");
      }
    }

    const settled = () => place().then(() => Promise.all(members().map((one) => one.isBusy)));
    const stage = {
      element, show, setMode, choose, seek, scrub, play, pause, toggle, seconds, setRange, setRate, setSound, settled, member, pictures,
      step: (by) => seek(state.frame + by),
      setLoop: (is) => { state.loops = is; },
      get clips() { return layers.map((one) => one.clip); },
      get lead() { return lead().clip; },
      get leadIndex() { return state.lead; },
      get against() { return state.against; },
      get frame() { return state.frame; },
      get frames() { return lead().clip.frames; },
      get mode() { return state.mode; },
      get range() { return state.range; },
      get rate() { return state.rate; },
      get loops() { return state.loops; },
      get isMuted() { return state.isMuted; },
      get isPlaying() { return player.isPlaying; },
      get clock() { return lead().clock; },
      get video() { return lead().video; },
    };

    function member(index) { return layers[index]; }

    /* What a person sees, of each visible clip by its index: an element that can be drawn on a canvas. */
    function pictures() {
      return seen().map((layer) => [layers.indexOf(layer), layer.shown()]);
    }

    element.addEventListener("rushes:seek", (event) => seek(event.detail.frame));
    state.lead = Math.max(0, layers.findIndex((one) => one.box.classList.contains("is-lead")));
    state.against = pairOf(-1);
    stages.set(element, stage);
    const wanted = element.dataset.mode;
    state.mode = MODES.includes(wanted) && layers.length > 1 ? wanted : "single";
    arrange();
    for (const part of window.rushes.stage.parts) part(stage);
    onFrame(state.frame);
    timesOf(lead());
    return stage;
  }

  function start(root) {
    for (const element of root.querySelectorAll("[data-stage]")) if (!stages.has(element)) make(element);
  }

  function of(near) {
    if (!near) return null;
    const element = near.closest("[data-stage]") || near.querySelector("[data-stage]");
    return element ? stages.get(element) || make(element) : null;
  }

  /* parts: what else each stage is given (compare.js, transport.js, keys.js, address.js). */
  window.rushes.stage = { of, start, parts: [], MODES, PAIRS, MOST };
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
})();

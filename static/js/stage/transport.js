/* Buttons below the picture: stepping, playing, loop range, speed, sound, stills, full screen. Markup:
   templates/stage/_transport.html. */
(() => {
  "use strict";
  const SOUND = "rushes_sound";

  function transport(stage) {
    const { element } = stage;
    const find = (what) => element.querySelector(what);
    const frame = find("[data-frame]");
    const timecode = find("[data-timecode]");
    const speed = find("[data-speed]");
    const mute = find("[data-mute]");
    const play = find("[data-play]");
    const tools = find("[data-tools]");
    const opener = find("[data-tools-open]");
    if (!play) return;

    function tellFrame() {
      frame.textContent = stage.frame;
      const { starts } = stage.clock;
      const { fps } = stage.lead;
      const seconds = starts ? starts[stage.frame] : fps ? (stage.frame * fps[1]) / fps[0] : 0;
      timecode.textContent = window.rushes.timecode(stage.lead, stage.frame, seconds);
    }

    function tellPlaying() {
      find("[data-play-word]").textContent = stage.isPlaying ? "Pause" : "Play";
    }

    function tellClip() {
      find("[data-frames]").textContent = stage.frames;
      play.disabled = !stage.video;
      mute.disabled = !stage.lead.has_audio || !stage.video;
      const link = find("[data-this-frame]");
      if (link) link.href = stillAddress();
      tellFrame();
    }

    const stillAddress = () => `${stage.lead.still.replace(/frames\/0\./, `frames/${stage.frame}.`)}?download=1`;

    function tellRange() {
      const { range } = stage;
      find("[data-range-word]").textContent = range ? `${range[0]}–${range[1]}` : "";
      find('[data-mark="none"]').hidden = !range;
    }

    function mark(what) {
      const [first, last] = stage.range || [0, stage.frames - 1];
      if (what === "none") stage.setRange(null);
      else if (what === "in") stage.setRange(stage.frame, Math.max(last, stage.frame));
      else stage.setRange(Math.min(first, stage.frame), stage.frame);
    }

    /* Backwards by steps as fast as asked: browsers play forwards only. */
    let back = null;
    function backwards(rate) {
      stage.pause();
      const mine = { rate, at: performance.now(), from: stage.seconds(0, stage.frame) || 0 };
      back = mine;
      element.classList.add("is-playing");
      const turn = (now) => {
        if (back !== mine || !element.isConnected) return;
        const [first, last] = stage.range || [0, stage.frames - 1];
        const seconds = mine.from - ((now - mine.at) / 1000) * rate;
        const wanted = seconds <= 0 ? -1 : stage.clock.at(seconds);
        if (wanted < first && stage.loops) Object.assign(mine, { at: now, from: stage.seconds(0, last) });
        if (wanted < first && !stage.loops) stopBack();
        else if (wanted !== stage.frame) stage.scrub(wanted < first ? last : wanted);
        requestAnimationFrame(turn);
      };
      requestAnimationFrame(turn);
    }

    function stopBack() {
      back = null;
      element.classList.toggle("is-playing", stage.isPlaying);
    }

    /* J K L. A second L or J doubles. */
    function shuttle(key) {
      const rate = back ? back.rate : 0;
      stopBack();
      if (key === "k") stage.pause();
      if (key === "j") backwards(rate ? Math.min(4, rate * 2) : 1);
      if (key !== "l") return;
      if (stage.isPlaying) setSpeed(2);
      else {
        if (stage.rate > 1) setSpeed(1);
        stage.play();
      }
    }

    function setSpeed(rate) {
      stage.setRate(rate);
      speed.value = String(rate);
    }

    function faster(by) {
      const all = [...speed.options].map((one) => Number(one.value));
      const at = all.indexOf(stage.rate) + by;
      if (all[at]) setSpeed(all[at]);
    }

    function setMuted(is) {
      stage.setSound({ isMuted: is });
      element.classList.toggle("is-muted", is);
      mute.setAttribute("aria-pressed", String(is));
    }

    function setLoop(is) {
      stage.setLoop(is);
      find("[data-loop]").setAttribute("aria-pressed", String(is));
    }

    function full() {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (element.requestFullscreen) element.requestFullscreen().catch(() => {});
      else if (stage.video && stage.video.webkitEnterFullscreen) stage.video.webkitEnterFullscreen();
    }

    function download() {
      const link = find("[data-this-frame]");
      if (!link) return;
      link.href = stillAddress();
      link.click();
    }

    function toggle() {
      if (back) {
        stopBack();
        stage.seek(stage.frame);
      } else stage.toggle();
    }

    element.addEventListener("click", (event) => {
      const is = (what) => event.target.closest(what);
      const step = is("[data-step]");
      const go = is("[data-go]");
      const marks = is("[data-mark]");
      if (step) act(() => stage.step(Number(step.dataset.step) * (event.shiftKey ? 10 : 1)));
      else if (go) act(() => toEnd(go.dataset.go === "last"));
      else if (marks) mark(marks.dataset.mark);
      else if (is("[data-play]")) toggle();
      else if (is("[data-loop]")) setLoop(!stage.loops);
      else if (is("[data-mute]")) keepMuted(!stage.isMuted);
      else if (is("[data-full]")) full();
      else if (is("[data-this-frame]")) find("[data-this-frame]").href = stillAddress();
      else if (is("[data-tools-open]")) openTools(!tools.classList.contains("is-open"));
    });

    function act(step) {
      stopBack();
      step();
    }

    const toEnd = (isLast) => stage.seek((stage.range || [0, stage.frames - 1])[isLast ? 1 : 0]);

    function openTools(is) {
      tools.classList.toggle("is-open", is);
      opener.setAttribute("aria-expanded", String(is));
    }

    tools.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !tools.classList.contains("is-open")) return;
      openTools(false);
      opener.focus();
    });

    /* Muted stays muted on the next page, too. */
    function keepMuted(is) {
      setMuted(is);
      try {
        localStorage.setItem(SOUND, is ? "muted" : "loud");
      } catch { /* a browser may keep nothing */ }
    }

    function wasMuted() {
      try {
        return localStorage.getItem(SOUND) === "muted";
      } catch {
        return false;
      }
    }

    for (const name of ["input", "change"]) speed.addEventListener(name, (event) => {
      event.stopPropagation(); /* the stage may stand in a form */
      stage.setRate(Number(speed.value));
    });
    element.addEventListener("rushes:frame", tellFrame);
    element.addEventListener("rushes:times", tellFrame);
    element.addEventListener("rushes:playing", tellPlaying);
    element.addEventListener("rushes:clip", () => act(tellClip));
    element.addEventListener("rushes:range", tellRange);
    Object.assign(stage, { shuttle, mark, faster, download, full, toEnd: (isLast) => act(() => toEnd(isLast)) });
    stage.flip = toggle;
    stage.halt = stopBack;
    stage.mute = () => keepMuted(!stage.isMuted);
    stage.turnLoop = () => setLoop(!stage.loops);
    setMuted(wasMuted());
    tellClip();
  }

  window.rushes.stage.parts.push(transport);
})();

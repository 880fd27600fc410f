/* The clock of a clip: when each frame is shown, by the server's index of its frames (media/times). Nothing is reckoned
   by a rate: clips begin late, and last unevenly.

   window.rushes.clock(video or null, address) -> {starts, begins, ready, at(seconds), nearest(mediaTime), middle(frame)}:
   starts[n] seconds after the first frame came, starts[frames] when the last one goes; null while it is not known. */
(() => {
  "use strict";

  function makeClock(video, address) {
    const clock = { starts: null, begins: 0, ready: null, at, nearest, middle, load };
    let first = null; /* where the browser itself says that the first frame is */
    let isSought = false;

    async function read() {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`The frames' times did not come: ${answer.status}`);
      const told = await answer.json();
      const [over, under] = told.base;
      const starts = [0];
      let sum = 0;
      for (const [units, frames] of told.lasts) {
        for (let n = 0; n < frames; n += 1) {
          sum += units;
          starts.push((sum * over) / under);
        }
      }
      clock.starts = starts;
      if (first === null) clock.begins = (told.first * over) / under;
    }

    /* The last frame that is there some seconds after the first one came. */
    function at(seconds) {
      let low = 0;
      let high = clock.starts.length - 2;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (clock.starts[middle] <= seconds) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    /* The frame that the browser shows, by the time that it says of it: that time is rounded. */
    function nearest(mediaTime) {
      const { starts, begins } = clock;
      const seconds = mediaTime - begins;
      const frame = at(seconds);
      const isNext = frame + 2 < starts.length && starts[frame + 1] - seconds < seconds - starts[frame];
      return isNext ? frame + 1 : frame;
    }

    /* Where in the video a frame is, in seconds: its middle, for its edges belong to two. */
    function middle(frame) {
      isSought = true;
      return clock.begins + (clock.starts[frame] + clock.starts[frame + 1]) / 2;
    }

    /* What begins late is put at 0 by some browsers and left where it is by others: the first picture tells. */
    function listen(_now, data) {
      if (isSought || !video.paused || video.currentTime > 0 || data.presentedFrames !== 1) return;
      first = data.mediaTime;
      clock.begins = first;
    }
    if (video && "requestVideoFrameCallback" in video) video.requestVideoFrameCallback(listen);

    /* Asks again where the times did not come. Resolves with whether they are known. */
    function load() {
      if (clock.ready === null) clock.ready = read().then(() => true, () => { clock.ready = null; return false; });
      return clock.ready;
    }
    load();
    return clock;
  }

  /* 00:00:03:18 of a frame; of a clip that lasts unevenly thousandths of a second: 00:00:03.720. */
  function timecode(clip, frame, seconds) {
    const two = (value) => String(Math.floor(value)).padStart(2, "0");
    const [over, under] = clip.fps || [0, 1];
    const rate = Math.round(over / under);
    const isEven = rate > 0 && !clip.varies;
    const whole = isEven ? Math.floor(frame / rate) : Math.floor(seconds);
    const hand = `${two(whole / 3600)}:${two((whole / 60) % 60)}:${two(whole % 60)}`;
    return isEven ? `${hand}:${two(frame % rate)}` : `${hand}.${String(Math.floor((seconds % 1) * 1000)).padStart(3, "0")}`;
  }

  window.rushes.clock = makeClock;
  window.rushes.timecode = timecode;
})();

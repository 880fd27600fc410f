/* The strip of a time line: the columns of the clip's filmstrip, and close by the frames' own stills, few at a time. */
(() => {
  "use strict";
  const { part, pen } = window.rushes.timeline;
  const AT_ONCE = 3; /* stills on their way */
  const KEPT = 240; /* stills */
  const REST = 220; /* ms that the view stands still before stills are asked for */
  const STILL_HEIGHT = 90;

  /* A part of a picture, cut to the shape of a tile around its middle. */
  function paint(context, image, from, tile) {
    const ratio = tile.width / tile.height;
    const width = Math.min(from.width, from.height * ratio);
    const height = Math.min(from.height, from.width / ratio);
    const left = from.left + (from.width - width) / 2;
    context.drawImage(image, left, (from.height - height) / 2, width, height, tile.left, 0, tile.width, tile.height);
  }

  function makeStills(line) {
    const kept = new Map(); /* address -> picture that is there */
    const coming = new Map();
    let wanted = [];
    let timer = 0;
    const addressOf = (frame) => `${line.clip.still.replace(/frames\/0\.\w+/, `frames/${frame}.webp`)}?height=${STILL_HEIGHT}`;

    function keep(address, image) {
      kept.set(address, image);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    }

    function load() {
      for (const [address, image] of coming) {
        if (!wanted.includes(address)) { image.src = ""; coming.delete(address); }
      }
      for (const address of wanted) {
        if (coming.size >= AT_ONCE) return;
        if (coming.has(address) || kept.has(address)) continue;
        const image = new Image();
        coming.set(address, image);
        image.onload = () => { keep(address, image); done(address, image); };
        image.onerror = () => { wanted = wanted.filter((one) => one !== address); done(address, image); };
        image.src = address;
      }
    }

    function done(address, image) {
      if (coming.get(address) !== image) return;
      coming.delete(address);
      line.draw();
      load();
    }

    return {
      of: (frame) => kept.get(addressOf(frame)),
      /* Ask for those of the frames in sight that are not here yet, when the view stands still. */
      ask(frames) {
        const now = frames.map(addressOf).filter((address) => !kept.has(address));
        if (now.length === wanted.length && now.every((one, at) => one === wanted[at])) return;
        wanted = now;
        clearTimeout(timer);
        timer = setTimeout(load, REST);
      },
    };
  }

  part((line) => {
    const canvas = line.box.querySelector("[data-film]");
    if (!canvas) return null;
    const stills = makeStills(line);
    let film = null;

    function draw() {
      const { context, height } = pen(canvas);
      if (!film || !film.columns) return;
      const ratio = Math.max(0.5, Math.min(2.4, line.clip.width / line.clip.height));
      const each = Math.max(1, Math.round((height * ratio) / line.pixels)); /* frames a tile */
      const column = film.image.naturalWidth / film.columns;
      const isClose = each < (line.frames / film.columns) * 0.6 && line.clip.still;
      const [start, end] = [line.xOf(0), line.xOf(line.frames)];
      const asked = [];
      context.save();
      context.beginPath();
      context.rect(start, 0, end - start, height);
      context.clip();
      for (let at = Math.floor(line.first / each) * each; at < line.first + line.span && at < line.frames; at += each) {
        const shown = Math.min(line.last, at + Math.floor(each / 2));
        const tile = { left: line.xOf(at), width: each * line.pixels - 1, height };
        const still = isClose ? stills.of(shown) : null;
        if (isClose) asked.push(shown);
        if (still) paint(context, still, { left: 0, width: still.naturalWidth, height: still.naturalHeight }, tile);
        else {
          const left = film.columnOf(shown) * column;
          paint(context, film.image, { left, width: column, height: film.image.naturalHeight }, tile);
        }
      }
      context.restore();
      stills.ask(asked);
    }
    return {
      draw,
      clip() {
        film = line.clip.filmstrip ? window.rushes.film(line.clip) : null;
        if (film && !film.columns) film.ready.then(() => line.draw());
      },
    };
  });
})();

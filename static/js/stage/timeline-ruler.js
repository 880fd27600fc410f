/* The ruler of a time line: frames and timecode, as many ticks as can be read. */
(() => {
  "use strict";
  const { part, pen } = window.rushes.timeline;
  const APART = 92; /* px between labels */

  /* The steps of a ruler in frames: single ones, then whole seconds. */
  function steps(fps) {
    const rate = Math.max(1, Math.round(fps));
    const few = [1, 2, 5, 10].filter((step) => step < rate);
    return [...few, ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * rate)];
  }

  function stepOf(line) {
    const known = steps(line.fps);
    return known.find((step) => step * line.pixels >= APART) || known[known.length - 1];
  }

  function minorOf(line, step) {
    return steps(line.fps).find((one) => one <= step && step % one === 0 && one * line.pixels >= 7) || step;
  }

  function tick(context, x, height, from) {
    context.beginPath();
    context.moveTo(Math.round(x) + 0.5, height - from);
    context.lineTo(Math.round(x) + 0.5, height);
    context.stroke();
  }

  part((line) => {
    const canvas = line.box.querySelector("[data-ruler]");
    return {
      draw() {
        const { context, width, height } = pen(canvas);
        const ink = getComputedStyle(canvas);
        const step = stepOf(line);
        const minor = minorOf(line, step);
        const end = Math.min(line.last, line.first + line.span);
        context.font = `11px ${ink.fontFamily}`;
        context.textBaseline = "top";
        context.strokeStyle = ink.stroke;
        context.lineWidth = 1;
        for (let at = Math.floor(line.first / minor) * minor; at <= end; at += minor) {
          if (at % step) tick(context, line.middle(at), height, 4);
        }
        for (let at = Math.floor(line.first / step) * step; at <= end; at += step) {
          const x = line.middle(at);
          tick(context, x, height, 9);
          const number = String(at);
          const wide = context.measureText(number).width;
          if (x + wide + 4 > width) continue;
          context.fillStyle = ink.color;
          context.fillText(number, x + 3, 2);
          const code = line.brief(at);
          if (x + wide + 10 + context.measureText(code).width > width) continue;
          context.fillStyle = ink.fill;
          context.fillText(code, x + wide + 9, 2);
        }
      },
      snaps(frame, reach) {
        const step = stepOf(line);
        const near = Math.round(frame / step) * step;
        return near <= line.last && Math.abs(near - frame) <= reach ? [near] : [];
      },
    };
  });
})();

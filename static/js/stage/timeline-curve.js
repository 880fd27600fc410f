/* The change curve of a time line: how much each frame of the lead take differs from its source, behind the pins. */
(() => {
  "use strict";
  const { part, pen } = window.rushes.timeline;
  const kept = new Map(); /* address -> the curve as it was told, once it is told for good */
  const PAUSES = [1000, 1500, 2500, 4000, 6000, 10000]; /* ms between questions; the last one stays */

  async function ask(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return { state: "none", reason: "No comparison with the source." };
    const told = await answer.json();
    if (told.state !== "pending") kept.set(address, told);
    return told;
  }

  /* Asks until it is there, or until nobody wants it any more. */
  function follow(address, isWanted, show) {
    let asked = 0;
    const again = async () => {
      if (!isWanted()) return;
      const told = kept.get(address) || (await ask(address).catch(() => null));
      if (!isWanted()) return;
      if (told) show(told);
      if (told && told.state !== "pending") return;
      setTimeout(again, PAUSES[Math.min(asked, PAUSES.length - 1)]);
      asked += 1;
    };
    again();
  }

  const LEAST_TOP = 0.1; /* a curve of nothing but noise stays low */
  const percent = (share) => `${Math.round(share * 100)} %`;

  part((line) => {
    const canvas = line.box.querySelector("[data-curve]");
    const facts = line.box.querySelector("[data-curve-facts]");
    if (!canvas || !facts) return null;
    const words = facts.querySelector("[data-curve-words]");
    const buttons = [...facts.querySelectorAll("[data-curve-go]")];
    let address = "";
    let curve = null;

    function say() {
      const isReady = curve && curve.state === "ready";
      facts.hidden = !address;
      for (const button of buttons) {
        button.disabled = !isReady;
        button.title = isReady ? `Frame ${curve[button.dataset.curveGo]}, ${percent(curve.values[curve[button.dataset.curveGo]])} changed` : "";
      }
      if (!curve) words.textContent = "Comparing with the source …";
      else if (isReady) words.textContent = `Changed ${percent(curve.mean)} on average, ${percent(curve.values[curve.most])} at most`;
      else words.textContent = curve.reason || "Comparing with the source …";
    }

    function draw() {
      const { context, height } = pen(canvas);
      if (!curve || curve.state !== "ready" || !curve.values.length) return;
      const ink = getComputedStyle(canvas);
      const from = Math.max(0, Math.floor(line.first) - 1);
      const to = Math.min(curve.values.length - 1, Math.ceil(line.first + line.span) + 1);
      /* As tall as its most changed frame: what is told apart is when it changes. */
      const top = Math.max(LEAST_TOP, curve.values[curve.most]) * 1.1;
      context.beginPath();
      context.moveTo(line.xOf(from), height);
      for (let at = from; at <= to; at += 1) {
        const y = height - (curve.values[at] / top) * (height - 2);
        context.lineTo(line.xOf(at), y);
        context.lineTo(line.xOf(at + 1), y);
      }
      context.lineTo(line.xOf(to + 1), height);
      context.fillStyle = ink.fill;
      context.strokeStyle = ink.stroke;
      context.lineWidth = 1.25;
      context.fill();
      context.stroke();
    }

    for (const button of buttons) {
      button.addEventListener("click", () => { if (curve) line.seek(curve[button.dataset.curveGo]); });
    }

    return {
      draw,
      clip() {
        const wanted = (line.clip.take && line.clip.take.change) || "";
        if (wanted === address) return;
        address = wanted;
        curve = null;
        say();
        if (!wanted) return;
        follow(wanted, () => address === wanted && line.box.isConnected, (told) => { curve = told; say(); line.draw(); });
      },
    };
  });
})();

/* The change curves of a time line: how much each frame of a take differs from its source, behind the pins. That of the
   lead is filled; those of the other takes on the stage are lines, all on one scale, which is named. */
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

  const SCALES = [0.1, 0.25, 0.5, 1]; /* few, so that two curves are seldom on different ones */
  const FOOT = 2; /* px */
  const percent = (share) => `${Math.round(share * 100)} %`;
  const addressOf = (clip) => (clip && clip.take && clip.take.change) || "";

  function trace(line, context, height, values, top) {
    const from = Math.max(0, Math.floor(line.first) - 1);
    const to = Math.min(values.length - 1, Math.ceil(line.first + line.span) + 1);
    context.beginPath();
    for (let at = from; at <= to; at += 1) {
      const y = height - Math.min(1, values[at] / top) * (height - FOOT);
      context.lineTo(line.xOf(at), y);
      context.lineTo(line.xOf(at + 1), y);
    }
    return [line.xOf(from), line.xOf(to + 1)];
  }

  part((line) => {
    const canvas = line.box.querySelector("[data-curve]");
    const facts = line.box.querySelector("[data-curve-facts]");
    const scale = line.box.querySelector("[data-curve-scale]");
    if (!canvas || !facts) return null;
    const words = facts.querySelector("[data-curve-words]");
    const buttons = [...facts.querySelectorAll("[data-curve-go]")];
    const told = new Map(); /* address -> what is told of it, of the takes on the stage */
    let address = "";

    const lead = () => told.get(address);
    const isReady = (curve) => Boolean(curve && curve.state === "ready" && curve.values.length);

    function say() {
      const curve = lead();
      facts.hidden = !address;
      for (const button of buttons) {
        button.disabled = !isReady(curve);
        button.title = isReady(curve) ? `Frame ${curve[button.dataset.curveGo]}, ${percent(curve.values[curve[button.dataset.curveGo]])} changed` : "";
      }
      if (isReady(curve)) {
        const [mean, most] = [percent(curve.mean), percent(curve.values[curve.most])];
        words.textContent = `Changed ${mean}, peak ${most}`;
        words.title = `Changed ${mean} on average, ${most} at frame ${curve.most}`;
      } else {
        words.textContent = (curve && curve.reason) || "Comparing with the source …";
        words.title = words.textContent;
      }
    }

    function draw() {
      const { context, height } = pen(canvas);
      const ready = [...told.values()].filter(isReady);
      scale.hidden = !ready.length;
      if (!ready.length) return;
      const ink = getComputedStyle(canvas);
      const peak = Math.max(...ready.map((curve) => curve.values[curve.most]));
      const top = SCALES.find((step) => step >= peak) || 1;
      scale.textContent = percent(top);
      context.fillStyle = ink.fill;
      context.strokeStyle = ink.color;
      context.lineWidth = 1;
      for (const curve of ready) {
        if (curve === lead()) continue;
        trace(line, context, height, curve.values, top);
        context.stroke();
      }
      if (!isReady(lead())) return;
      const [left, right] = trace(line, context, height, lead().values, top);
      context.strokeStyle = ink.stroke;
      context.lineWidth = 1.25;
      context.stroke();
      context.lineTo(right, height);
      context.lineTo(left, height);
      context.fill();
    }

    /* Asks for what is on the stage and not told yet, and forgets what has left it. */
    function want(addresses) {
      for (const one of [...told.keys()]) if (!addresses.has(one)) told.delete(one);
      for (const one of addresses) {
        if (told.has(one)) continue;
        told.set(one, null);
        follow(one, () => told.has(one) && line.box.isConnected, (curve) => { told.set(one, curve); say(); line.draw(); });
      }
    }

    for (const button of buttons) {
      button.addEventListener("click", () => { if (isReady(lead())) line.seek(lead()[button.dataset.curveGo]); });
    }

    function clip() {
      address = addressOf(line.clip);
      const shown = Array.isArray(line.host.clips) ? line.host.clips : [];
      want(new Set([line.clip, ...shown].map(addressOf).filter(Boolean)));
      say();
    }

    return { draw, clip };
  });
})();

/* The part of the source between in and out: its handles on the time line, its numbers, its length and its price are one. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, viewer, recheck } = window.rushes.studio;
  const WAIT = 200; /* ms after the last move until its price is asked for */
  const box = () => $("[data-cut]");
  const line = () => window.rushes.timeline.of($("#viewer"));
  let timer = 0;

  /* Only a part of the source itself can be made the source. */
  const isHere = () => Boolean(line()) && String(line().clip.id) === viewer().dataset.asset;
  const range = () => (isHere() ? line().host.range : null);

  function say(first, last) {
    const count = last - first + 1;
    const seconds = count > 0 && line().host.seconds ? line().host.seconds(first, last) : null;
    const long = seconds === null ? "" : `, ${seconds.toFixed(2)} s`;
    $("[data-cut-length]").textContent = count > 0 ? `${count} ${count === 1 ? "frame" : "frames"}${long}` : "Out lies before in.";
  }

  function draw() {
    if (!box() || !line()) return;
    const [first, last] = range() || [0, line().last];
    box().classList.toggle("is-elsewhere", !isHere());
    if (!isHere()) return;
    const isSet = Boolean(range());
    box().classList.toggle("is-set", isSet);
    for (const [name, frame] of [["[data-in]", first], ["[data-out]", last]]) {
      if (document.activeElement !== $(name)) $(name).value = frame;
    }
    $("[data-cutting]").disabled = !isSet;
    if (isSet) say(first, last);
    else for (const place of ["[data-cut-length]", "#cut-price"]) $(place).textContent = "";
  }

  /* Typed: what makes a range moves the handles; what makes none is said. */
  function take() {
    const [first, last] = [$("[data-in]"), $("[data-out]")].map((one) => (/^\d+$/.test(one.value) ? Number(one.value) : null));
    if (first === null || last === null || first > last || last > line().last) {
      $("[data-cutting]").disabled = true;
      say(first ?? 0, last !== null && last <= line().last ? last : -1);
      return;
    }
    if (first === 0 && last === line().last) line().host.setRange(null);
    else line().host.setRange(first, last);
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(recheck, WAIT);
  };

  form.addEventListener("rushes:range", () => { draw(); soon(); });
  for (const name of ["rushes:clip", "rushes:times"]) form.addEventListener(name, draw);
  form.addEventListener("rushes:sync", draw);
  form.addEventListener("input", (event) => { if (event.target.matches("[data-in], [data-out]") && line()) take(); }, true);
  form.addEventListener("focusout", (event) => { if (event.target.matches("[data-in], [data-out]")) draw(); });

  draw();
})();

/* Drafts: what is typed in the studio survives a reload and a sign-in, in this tab only. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, $, all, fields, radio, set, addKeyframe, showSource, syncAll, recheck } = window.rushes.studio;
  const KEY = `rushes:studio:${form.dataset.draft}`;
  const LEFT_OUT = new Set(["csrfmiddlewaretoken", "form_token", "trim_first", "trim_last", "cutting", "keyframe_asset", "keyframe_index"]);
  function save() {
    const kept = {};
    for (const [name, value] of new FormData(form)) if (!LEFT_OUT.has(name) && typeof value === "string") kept[name] = value;
    const rows = all("[data-keyframe]").map((row) => ({ id: $("[name=keyframe_asset]", row).value, poster_url: $("img", row).getAttribute("src"), index: $("[name=keyframe_index]", row).value }));
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ kept, rows }));
    } catch { /* full or forbidden: the page works without */ }
  }

  function restore() {
    let draft = null;
    try {
      draft = JSON.parse(sessionStorage.getItem(KEY));
    } catch { return false; }
    const asked = new URLSearchParams(location.search);
    if (!draft || form.hasAttribute("data-typed") || asked.has("generation")) return false;
    for (const input of all("[type=checkbox]")) if (input.name) input.checked = Boolean(draft.kept[input.name]);
    for (const [name, value] of Object.entries(draft.kept)) {
      if (name.startsWith("source_") && asked.has("source")) continue;
      const found = fields(name);
      if (found.length && (found[0].type !== "radio" || found.some((one) => one.value === value))) set(name, [value]);
    }
    const guides = radio("guides");
    const isSameSource = !asked.has("source") || asked.get("source") === draft.kept.source_asset;
    for (const row of isSameSource ? draft.rows : []) addKeyframe(row, row.index);
    set("guides", [guides]);
    return true;
  }

  const source = () => ["source_kind", "source_asset", "source_generation"].map(radio).join(" ");
  const shown = source();
  if (restore()) {
    syncAll();
    if (source() !== shown) showSource();
    document.addEventListener("DOMContentLoaded", recheck); /* htmx listens from this event on */
  }
  form.addEventListener("rushes:changed", save);
  document.addEventListener("rushes:leaving", save);
})();

/* Drafts: what is typed in the studio survives a reload and a sign-in, in this tab only. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { form, fields, radio, set, showSource, entries, rearrange } = window.rushes.studio;
  const KEY = `rushes:studio:${form.dataset.draft}`;
  const SOURCE = /^source_/;
  const NAMED = ["generation", "again", "replace", "task", "account", "extend_generation", "guide_asset", "prompt"]; /* the address says what is meant */

  function save() {
    const kept = [...entries()].filter(([name]) => name !== "form_token" && name !== "replaces");
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch { /* full or forbidden: the page works without */ }
  }

  function kept() {
    try {
      const draft = JSON.parse(sessionStorage.getItem(KEY));
      return Array.isArray(draft) ? new Map(draft) : null;
    } catch { return null; }
  }

  /* The server shows the form of the draft, as for any other switch; only the source is chosen here. */
  function restore() {
    const draft = kept();
    const asked = new URLSearchParams(location.search);
    if (!draft || form.hasAttribute("data-typed") || NAMED.some((name) => asked.has(name))) return;
    const shown = entries();
    const isSameSource = !asked.has("source") || asked.get("source") === (draft.get("source_asset") || [])[0];
    for (const name of [...draft.keys()]) if (SOURCE.test(name) && asked.has("source")) draft.delete(name);
    if (!isSameSource) for (const name of ["keyframe_asset", "keyframe_index"]) draft.delete(name);
    for (const [name, values] of draft) {
      if (SOURCE.test(name) && fields(name).some((one) => one.type !== "radio" || one.value === values[0])) set(name, values);
    }
    const source = () => ["source_kind", "source_asset", "source_generation"].map(radio).join(" ");
    const now = entries();
    for (const [name, values] of now) if (SOURCE.test(name)) draft.set(name, values);
    draft.set("form_token", now.get("form_token"));
    const isOther = [...new Set([...draft.keys(), ...now.keys()])].some((name) => JSON.stringify(draft.get(name)) !== JSON.stringify(now.get(name)));
    if (!isOther && JSON.stringify([...shown]) === JSON.stringify([...now])) return;
    document.addEventListener("DOMContentLoaded", () => { /* htmx listens from this event on */
      if (source() && JSON.stringify(shown.get("source_asset")) !== JSON.stringify(now.get("source_asset"))) showSource();
      else if (JSON.stringify([...shown].filter(([name]) => SOURCE.test(name))) !== JSON.stringify([...now].filter(([name]) => SOURCE.test(name)))) showSource();
      rearrange({ whole: draft });
    });
  }

  restore();
  form.addEventListener("rushes:changed", save);
  document.addEventListener("rushes:leaving", save);
})();

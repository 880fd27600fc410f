/* Files into the studio: clips and stills by button, drop and paste, several at once. Sent by upload.js. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { toast, upload } = window.rushes;
  const studio = window.rushes.studio;
  const { form, $, player, chooseClip, recheck, addPicture, pinKeyframe, fillKeyframe } = studio;

  /* Uploads: by button, drop and paste; several at once. */
  async function send(file, then, { isPicture, beside = null }) {
    const row = document.createElement("li");
    row.className = "upload-row";
    const name = Object.assign(document.createElement("span"), { className: "clip", textContent: file.name });
    const state = Object.assign(document.createElement("span"), { className: "muted number", textContent: "0 %" });
    const stop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small btn-quiet", textContent: "Cancel" });
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    stop.setAttribute("aria-label", `Cancel the upload of ${file.name}`);
    bar.setAttribute("aria-label", `Uploading ${file.name}`);
    row.append(name, state, stop, bar);
    const group = beside && beside.closest("fieldset");
    ((group && group.querySelector("[data-uploads]")) || $("[data-uploads]")).append(row);
    const leave = new AbortController();
    const note = Object.assign(document.createElement("p"), { className: "note" });
    note.setAttribute("role", "status");
    stop.addEventListener("click", () => leave.abort());
    try {
      const asset = await upload(file, {
        signal: leave.signal,
        progress: (share) => {
          bar.value = share;
          state.textContent = share < 1 ? `${Math.floor(share * 100)} %` : "Reading it …";
          if (share >= 1) bar.removeAttribute("value");
        },
        waits: (why) => {
          note.textContent = why;
          if (why) row.append(note);
          else note.remove();
        },
      });
      row.remove();
      if (isPicture && asset.kind !== "image") toast(`${file.name} is not a picture: upload a PNG, JPEG or WebP.`, { bad: true });
      else if (!isPicture && asset.kind !== "video") toast(`${file.name} is a picture: use it as a guide frame.`, { bad: true });
      else then(asset);
    } catch (error) {
      if (leave.signal.aborted) { row.remove(); return; }
      row.classList.add("is-bad");
      bar.remove();
      state.textContent = "Not taken";
      stop.textContent = "Close";
      stop.setAttribute("aria-label", `Close the message about ${file.name}`);
      stop.addEventListener("click", () => row.remove());
      note.className = "note note-bad";
      note.textContent = error.message;
      note.setAttribute("role", "alert");
      row.append(note);
      if (error.canRepeat) {
        const again = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: "Try again" });
        again.addEventListener("click", () => { row.remove(); send(file, then, { isPicture, beside }); });
        row.append(again);
      }
    }
  }

  studio.send = send;

  form.addEventListener("change", (event) => {
    const input = event.target.closest("[data-upload]");
    if (!input) return;
    const files = [...input.files];
    input.value = "";
    const row = input.closest("[data-keyframe]");
    const frame = player() ? player().frame : 0;
    const takers = {
      source: (asset) => chooseClip(asset),
      guide: (asset) => addPicture(asset),
      keyframe: (asset) => { pinKeyframe(asset, frame); recheck(); },
      replace: (asset) => { fillKeyframe(row, asset); studio.syncAll(); recheck(); },
      ...studio.takers,
    };
    const kind = input.dataset.upload;
    for (const file of files) send(file, (asset) => takers[kind](asset, input), { isPicture: kind !== "source", beside: input });
  });

  function takePicture(asset) {
    if (studio.dropPicture && studio.dropPicture(asset)) return;
    pinKeyframe(asset, player() ? player().frame : 0);
    recheck();
  }

  function takeFiles(list) {
    for (const file of list) {
      if (file.type.startsWith("image/")) send(file, takePicture, { isPicture: true, beside: $("[data-generation] legend") });
      else send(file, chooseClip, { isPicture: false });
    }
  }
  const zone = $("[data-drop]");
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    takeFiles(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); takeFiles(event.clipboardData.files); }
  });
})();

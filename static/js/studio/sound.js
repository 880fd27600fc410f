/* The sound of its source on the take that the stage shows: switched for everybody, without leaving the picture. */
(() => {
  "use strict";
  if (!window.rushes.studio) return;
  const { request } = window.rushes;
  const { form, $ } = window.rushes.studio;
  const button = () => $("[data-take-sound]");
  let address = "";

  form.addEventListener("rushes:described", (event) => {
    const { tab } = event.detail;
    address = tab.dataset.sound || "";
    button().hidden = !address;
    if (address) button().setAttribute("aria-pressed", String(JSON.parse(tab.dataset.clip).has_audio));
  });

  /* The file with sound is made before the answer: seconds, for a long one. */
  form.addEventListener("click", async (event) => {
    const pressed = event.target.closest("[data-take-sound]");
    if (!pressed || pressed.getAttribute("aria-busy")) return;
    pressed.setAttribute("aria-busy", "true");
    const values = { on: pressed.getAttribute("aria-pressed") === "true" ? "0" : "1" };
    await request("sound", { method: "POST", address, values, swap: "none" });
    pressed.removeAttribute("aria-busy");
  });

  document.addEventListener("rushes:sounded", () => {
    const takes = document.getElementById("takes");
    request("takes", { address: takes.dataset.url, target: "#takes" });
  });
})();

/* Passkeys: a form that names where its question comes from (data-passkey-ask) is sent with what a device answers to it. */
(() => {
  "use strict";

  function bytes(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  function text(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const known = (ids) => (ids || []).map((one) => ({ ...one, id: bytes(one.id) }));

  /* What the server asks, as the browser wants it: ids and challenges are bytes there. */
  function asked(said) {
    const options = { ...said, challenge: bytes(said.challenge) };
    if (said.user) return { ...options, user: { ...said.user, id: bytes(said.user.id) }, excludeCredentials: known(said.excludeCredentials) };
    return { ...options, allowCredentials: known(said.allowCredentials) };
  }

  function answered(credential) {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
  }

  async function question(form) {
    const answer = await fetch(form.dataset.passkeyAsk, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } })
      .catch(() => { throw new Error("No connection. Nothing was changed."); });
    const said = await answer.json().catch(() => null);
    if (!answer.ok || !said) throw new Error((said && said.message) || "The server could not do this. Load the page again.");
    return { publicKey: asked(said) };
  }

  /* A browser says the same for "no", "too late" and "none here". */
  function reason(error) {
    if (error.name === "InvalidStateError") return "This device has a passkey for you already.";
    if (error instanceof DOMException) return "No passkey was used. Try again, or choose another way.";
    return error.message;
  }

  async function use(form) {
    const said = form.querySelector("[data-passkey-said]");
    const button = form.querySelector("button");
    said.hidden = true;
    button.disabled = true;
    try {
      const options = await question(form);
      const isNew = Boolean(options.publicKey.user);
      const credential = await (isNew ? navigator.credentials.create(options) : navigator.credentials.get(options));
      form.elements.credential.value = answered(credential);
      form.submit();
    } catch (error) {
      button.disabled = false;
      said.textContent = reason(error);
      said.hidden = false;
      said.focus();
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-passkey-ask]")) return;
    event.preventDefault();
    use(event.target);
  });

  const isThere = Boolean(window.PublicKeyCredential) && window.isSecureContext;
  for (const place of document.querySelectorAll("[data-passkeys]")) place.hidden = !isThere;
  for (const place of document.querySelectorAll("[data-no-passkeys]")) place.hidden = isThere;
})();

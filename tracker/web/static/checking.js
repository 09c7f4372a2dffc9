// A frozen report's public page: the chosen file is hashed in the browser, and only its SHA-256 is sent.
// Without this script, or where the browser offers no hashing, the form sends the file, and the server hashes it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-hashes-here]");
  if (!form || !window.crypto || !window.crypto.subtle) return;
  const help = form.querySelector("[data-with-script]");
  help.textContent = help.dataset.withScript;
  form.addEventListener("submit", async (event) => {
    const file = form.elements.file.files[0];
    if (!file) return;
    event.preventDefault();
    let digest;
    try {
      digest = await window.crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    } catch {
      help.textContent = help.dataset.unreadable;
      return;
    }
    const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    window.location.assign(`${window.location.pathname}?sha256=${sha256}#answer`);
  });
})();

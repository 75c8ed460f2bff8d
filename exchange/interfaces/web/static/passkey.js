// SPDX-License-Identifier: Apache-2.0
// Asks a device for a passkey and sends what it answers with the form of the page. This is all the script of
// the pages: without it the form stays hidden, and name, password and code do the same.
"use strict";

(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || location.hostname !== form.dataset.host) {
    return;
  }
  const options = JSON.parse(form.dataset.options);
  const answer = form.elements.namedItem("credential");
  const trouble = document.getElementById("passkey-trouble");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const make = () =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      },
    });
  const sign = () =>
    navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: named(options.allowCredentials),
      },
    });

  const written = (found) => {
    const response = { clientDataJSON: text(found.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (found.response[name]) {
        response[name] = text(found.response[name]);
      }
    }
    return JSON.stringify({ id: found.id, rawId: text(found.rawId), type: found.type, response });
  };

  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (answer.value) {
      return;
    }
    event.preventDefault();
    trouble.hidden = true;
    try {
      answer.value = written(await (form.dataset.passkey === "add" ? make() : sign()));
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
})();

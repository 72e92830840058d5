/* Passkeys: form[data-passkey="add" | "use" | "sign-in"]. Its button opens the browser's
   own dialog; the answer goes into the hidden field "credential" and is posted. The
   options stand in #passkey-options, for a sign-in they are asked for at each press. */

const { create, get } = window.webauthnJSON;

function shown() {
  return JSON.parse(document.querySelector("#passkey-options").textContent);
}

async function asked(form) {
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    throw new Error(`The options were refused: ${answer.status}`);
  }
  return answer.json();
}

async function added(form) {
  const options = shown().creation_options;
  const alone = form.elements.passwordless.checked;
  Object.assign(options.publicKey.authenticatorSelection, {
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : "preferred",
  });
  return create(options);
}

const ways = {
  add: added,
  use: async () => get(shown().request_options),
  "sign-in": async (form) => get((await asked(form)).request_options),
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const credential = await ways[form.dataset.passkey](form);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

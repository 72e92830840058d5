/* Try a call: form[data-try] with data-method and data-path; inputs [data-name] with
   data-where (path, query, body). A body's value is read as JSON where it is JSON. */

function value(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function read(form) {
  const query = new URLSearchParams();
  const body = {};
  let path = form.dataset.path;
  for (const input of form.querySelectorAll("[data-name]")) {
    const { name, where } = input.dataset;
    const text = input.value.trim();
    if (where === "path") {
      path = path.replace(`{${name}}`, encodeURIComponent(text));
    } else if (text && where === "query") {
      query.set(name, text);
    } else if (text) {
      body[name] = value(text);
    }
  }
  return { url: query.size ? `${path}?${query}` : path, body };
}

async function send(form) {
  const { url, body } = read(form);
  const { method } = form.dataset;
  const token = form.querySelector("[data-try-token]")?.value.trim() ?? "";
  const headers = { Authorization: `Bearer ${token}` };
  const request = { method, headers, credentials: "omit" };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  const answer = await fetch(url, request);
  return [`Status ${answer.status}`, await answer.text()];
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-try]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const status = document.querySelector("[data-try-status]");
  const shown = document.querySelector("[data-try-answer]");
  const button = form.querySelector("button");
  button.disabled = true;
  status.textContent = "Sent, waiting for the answer.";
  const [words, text] = await send(form).catch((error) => [`No answer: ${error.message}`, ""]);
  button.disabled = false;
  status.textContent = words;
  const said = value(text);
  shown.textContent = typeof said === "object" ? JSON.stringify(said, null, 2) : text;
  shown.hidden = !text;
});

/* A pressed button turns into its progress state at once: [data-busy="Waking the car,
   usually 10–60 s"] on the button. It turns back when htmx has its answer, or when the
   page comes back from the browser's history. */

function start(button) {
  if (!button || button.getAttribute("aria-busy") === "true") {
    return;
  }
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) {
    button.dataset.idle = button.innerHTML;
    button.textContent = button.dataset.busy;
  }
}

function stop(button) {
  button.removeAttribute("aria-busy");
  if (button.dataset.idle !== undefined) {
    button.innerHTML = button.dataset.idle;
    delete button.dataset.idle;
  }
}

function buttonOf(form) {
  return form?.querySelector?.("[data-busy]");
}

document.addEventListener("submit", (event) => {
  const button = event.submitter?.matches("[data-busy]")
    ? event.submitter
    : buttonOf(event.target);
  if (button?.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  // After the browser has read the form: a button that changes in between is not sent.
  setTimeout(() => start(button));
});

document.addEventListener("htmx:afterRequest", (event) => {
  const asked = event.detail.elt;
  const buttons = [asked, ...asked.querySelectorAll("[data-busy]")];
  buttons.filter((button) => button.hasAttribute("aria-busy")).forEach(stop);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.querySelectorAll('[data-busy][aria-busy="true"]').forEach(stop);
  }
});

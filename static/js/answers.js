/* What htmx does when an answer is not the fragment it asked for: a sign-in page means
   that the session has ended, so the whole page goes there; an error is said in words
   in the page's [data-failure] place, with a way to try again. */

function say(words) {
  const place = document.querySelector("[data-failure]");
  if (place) {
    place.querySelector("[data-failure-words]").textContent = words;
    place.hidden = false;
  }
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const address = event.detail.xhr.responseURL;
  if (address && new URL(address).pathname.startsWith("/accounts/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  say(
    status === 403
      ? "This page is too old to be trusted. Load it again, then repeat the step."
      : `Keyfob answered with an error (${status}). Load the page again.`,
  );
});

document.addEventListener("htmx:sendError", () => {
  say("Keyfob does not answer. Is it running, and are you online?");
});

document.addEventListener("htmx:afterOnLoad", (event) => {
  const place = document.querySelector("[data-failure]");
  if (place && event.detail.successful) {
    place.hidden = true;
  }
});

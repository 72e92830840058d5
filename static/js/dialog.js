/* details.ask behaves like a dialog: one open at a time, closed by Escape or by a press
   outside, and the focus goes into it and back. Without JavaScript it stays a plain
   disclosure. */

function close(details) {
  details.open = false;
  details.querySelector("summary").focus();
}

document.addEventListener(
  "toggle",
  (event) => {
    const opened = event.target;
    if (!opened.matches?.("details.ask") || !opened.open) {
      return;
    }
    for (const other of document.querySelectorAll("details.ask[open]")) {
      if (other !== opened) {
        other.open = false;
      }
    }
    opened.querySelector(".panel input:not([type=hidden]), .panel button")?.focus();
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const open = document.querySelector("details.ask[open]");
  if (event.key === "Escape" && open) {
    close(open);
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-ask-close]")) {
    close(event.target.closest("details.ask"));
    return;
  }
  const open = document.querySelector("details.ask[open]");
  if (open && !open.contains(event.target)) {
    open.open = false;
  }
});

/* Copy buttons: [data-copy="text"] or [data-copy-from="#id"] (that element's text).
   The button says "Copied" for two seconds; where the clipboard is closed to us (plain
   http), the text is selected instead. */

const SHOWN_MS = 2000;

function say(button, words, done) {
  const label = button.querySelector("[data-copy-words]");
  if (!label) {
    return;
  }
  label.dataset.idle ??= label.textContent;
  label.textContent = words;
  button.classList.toggle("done", done);
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => {
    label.textContent = label.dataset.idle;
    button.classList.remove("done");
  }, SHOWN_MS);
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) {
    return;
  }
  const from = button.dataset.copyFrom
    ? document.querySelector(button.dataset.copyFrom)
    : button.previousElementSibling;
  const text = button.dataset.copy || from?.textContent.trim() || "";
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied", true);
  } catch {
    if (from) {
      select(from);
    }
    say(button, "Press Ctrl+C", false);
  }
});

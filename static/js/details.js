/* What is loaded anew keeps open what was open: details[id] of the part that is replaced
   are as they were before. */

const states = new Map();

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  for (const { id, open } of detail.target.querySelectorAll("details[id]")) {
    states.set(id, open);
  }
});

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of states) {
    const details = document.getElementById(id);
    if (details) {
      details.open = open;
    }
  }
  states.clear();
});

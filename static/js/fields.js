/* Search while typing: input[data-filter] names a form; its [data-words] rows that lack a
   word are hidden, and what was ticked or typed in them stays. */

function filter(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const form = document.querySelector(input.dataset.filter);
  for (const group of form.querySelectorAll("details")) {
    let shown = 0;
    for (const row of group.querySelectorAll("[data-words]")) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    group.hidden = !shown;
    if (words.length) {
      group.open = shown > 0;
    }
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-filter]")) {
    filter(event.target);
  }
});

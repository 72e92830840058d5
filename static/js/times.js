/* Times: <time datetime data-age> counts on by itself ("3 min ago"), and
   <time datetime data-moment> is written in this browser's zone and manner.
   The words equal those of tokens/readings.py. */

const TICK_MS = 1000;
const moment = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
});

function age(seconds) {
  if (seconds < 2) {
    return "just now";
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  if (seconds < 172800) {
    return `${Math.floor(seconds / 3600)} h ago`;
  }
  return `${Math.floor(seconds / 86400)} days ago`;
}

function write(element, words) {
  if (element.textContent !== words) {
    element.textContent = words;
  }
}

function tick() {
  for (const element of document.querySelectorAll("time[data-age]")) {
    const at = new Date(element.dateTime);
    write(element, age((Date.now() - at) / 1000));
    element.title = moment.format(at);
  }
  for (const element of document.querySelectorAll("time[data-moment]")) {
    write(element, moment.format(new Date(element.dateTime)));
  }
}

tick();
setInterval(tick, TICK_MS);
document.addEventListener("htmx:afterSettle", tick);

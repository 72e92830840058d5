/* The state of cars: what live.js hears of one is written into its tag and the age beside
   it. [data-live-state] names the car, [data-live-at] when it was in what stands there. */

const STATES = { online: "Online", asleep: "Asleep", offline: "Offline" };

function isNews(tag, at) {
  const shown = tag.dataset.liveAt;
  return !shown || Date.parse(shown) <= Date.parse(at);
}

function state(event) {
  for (const tag of document.querySelectorAll(`[data-live-state="${event.vin}"]`)) {
    if (!STATES[event.state] || !isNews(tag, event.createdAt)) {
      continue;
    }
    const rest = tag.textContent.match(/, .*/)?.[0] ?? "";
    tag.textContent = STATES[event.state] + rest;
    tag.className = `state ${event.state}`;
    tag.removeAttribute("title");
    tag.dataset.liveAt = event.createdAt;
    const time = document.createElement("time");
    time.dateTime = event.createdAt;
    time.dataset.age = "";
    time.textContent = "just now";
    tag.nextElementSibling?.replaceChildren(time);
  }
}

document.addEventListener("live:event", ({ detail: event }) => {
  if (event.state && !event.isCache) {
    state(event);
  }
});

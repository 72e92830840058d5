/* Parts that are loaded anew where an event changes more than single values, and where a
   page was away from the stream: [data-live-refresh] is the address, [data-live-target]
   where the answer goes. What somebody is just using is left alone. */

const REFRESH_MS = 1500;
const due = new Map();

function refresh(place) {
  const { liveRefresh: address, liveTarget: target } = place.dataset;
  const swap = place.dataset.liveSwap ?? "innerHTML";
  if (!due.has(target)) {
    due.set(
      target,
      setTimeout(() => {
        due.delete(target);
        if (!document.querySelector(target)?.querySelector("details[open], :focus")) {
          window.htmx.ajax("GET", address, { target, swap });
        }
      }, REFRESH_MS),
    );
  }
}

function refreshes(event) {
  const signals = Object.keys(event.data ?? {});
  for (const place of document.querySelectorAll("[data-live-refresh]")) {
    const { liveVin, liveSignals } = place.dataset;
    const known = (liveSignals ?? "").split(" ");
    const isWhole = "vehicle_data" in event;
    if (liveVin === event.vin && (isWhole || signals.some((one) => known.includes(one)))) {
      refresh(place);
    }
  }
}

document.addEventListener("live:event", ({ detail: event }) => {
  if (!event.isCache) {
    refreshes(event);
  }
});

document.addEventListener("live:again", () => {
  document.querySelectorAll("[data-live-refresh]").forEach(refresh);
});

/* Parts that are loaded anew where an event changes more than single values, and where a
   page was away from the stream: [data-live-refresh] is the address, [data-live-target]
   where the answer goes. What somebody is just using waits until they are done. */

const REFRESH_MS = 1500;
const IN_USE = "details[open], :focus, :active, .htmx-request";
const due = new Map();

function isInUse(part) {
  const inputs = [...(part?.querySelectorAll("input") ?? [])];
  const isFilledIn = inputs.some((input) => input.value !== input.defaultValue);
  return isFilledIn || Boolean(part?.querySelector(IN_USE));
}

function refresh(place) {
  const { liveRefresh: address, liveTarget: target } = place.dataset;
  const swap = place.dataset.liveSwap ?? "innerHTML";
  if (!due.has(target)) {
    due.set(
      target,
      setTimeout(() => {
        due.delete(target);
        if (isInUse(document.querySelector(target))) {
          refresh(place);
        } else {
          window.htmx.ajax("GET", address, { target, swap });
        }
      }, REFRESH_MS),
    );
  }
}

function refreshes(event) {
  const signals = Object.keys(event.data ?? event);
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

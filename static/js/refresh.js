/* Parts that are loaded anew where an event changes more than single values, and where a
   page was away from the stream: [data-live-refresh] is the address, [data-live-target]
   where the answer goes. What somebody is just using waits until they are done, and a
   command on its way is followed by its own control, which tells its end elsewhere too. */

const REFRESH_MS = 1500;
const IN_USE = "details[open], :focus, :active, .htmx-request, .working";
const due = new Map();

function isInUse(part) {
  const inputs = [...(part?.querySelectorAll("input") ?? [])];
  const isFilledIn = inputs.some((input) => input.value !== input.defaultValue);
  return isFilledIn || Boolean(part?.querySelector(IN_USE));
}

function refresh({ dataset: { liveTarget: target } }) {
  if (!due.has(target)) {
    due.set(
      target,
      setTimeout(() => {
        due.delete(target);
        load(target);
      }, REFRESH_MS),
    );
  }
}

function load(target) {
  /* Something else may be shown there by now. */
  const place = document.querySelector(`[data-live-target="${target}"]`);
  if (place && isInUse(document.querySelector(target))) {
    refresh(place);
  } else if (place) {
    const swap = place.dataset.liveSwap ?? "innerHTML";
    window.htmx.ajax("GET", place.dataset.liveRefresh, { target, swap });
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

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  /* Somebody may have begun to use it while it was loaded. */
  const place = document.querySelector(`[data-live-target="#${detail.target.id}"]`);
  if (detail.requestConfig.elt === document.body && place && isInUse(detail.target)) {
    detail.shouldSwap = false;
    refresh(place);
  }
});

document.addEventListener("live:event", ({ detail: event }) => {
  if (!event.isCache) {
    refreshes(event);
  }
});

document.addEventListener("live:again", () => {
  document.querySelectorAll("[data-live-refresh]").forEach(refresh);
});

/* The stream of a page: where something has [data-live-vin], [data-live-state] or
   [data-live-battery], each event is told to the document as "live:event". A hidden page
   listens to nothing; one that comes back, was cut off, or got its first stream late is
   told "live:again", since it has missed what came meanwhile. Without this the page shows
   what was read. */

const ADDRESS = "/console/stream";
const TOPICS = "state,data,vehicle_data,connectivity,config";
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 300000;
const LATE_MS = 1500;
const LOADED_AT_MS = performance.now();

let source = null;
let timer = 0;
let pause = FIRST_PAUSE_MS;
let hasMissed = document.hidden;

function vins() {
  const found = new Set();
  for (const { dataset } of document.querySelectorAll(
    "[data-live-vin], [data-live-state], [data-live-battery]",
  )) {
    found.add(dataset.liveVin || dataset.liveState || dataset.liveBattery);
  }
  return [...found];
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function open() {
  const shown = vins();
  if (source || document.hidden || !shown.length) {
    return;
  }
  const query = new URLSearchParams({ topics: TOPICS, cache: "false" });
  if (shown.length === 1) {
    query.set("vin", shown[0]);
  }
  source = new EventSource(`${ADDRESS}?${query}`);
  source.onopen = () => {
    pause = FIRST_PAUSE_MS;
    if (hasMissed || performance.now() > LOADED_AT_MS + LATE_MS) {
      tell("again");
    }
    hasMissed = true;
  };
  source.onmessage = (event) => tell("event", JSON.parse(event.data));
  source.onerror = () => {
    /* A browser tries again by itself after a broken line, but not after a refusal. */
    if (source?.readyState === EventSource.CLOSED) {
      close();
      timer = setTimeout(open, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  };
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
document.addEventListener("htmx:afterSettle", open);
addEventListener("pagehide", close);
addEventListener("pageshow", open);

/* Live values: what live.js hears is written into the page, as the server would write it.
   [data-live-vin][data-live-signal] holds a value, with form, scale, offset, digits, unit
   and words; svg[data-live-battery] is a car's bar, [data-live-age] when it was told. */

const UNKNOWN = "\u2014";
const NOTHING = "The car has no value for this now.";

function figure(number, digits) {
  const text = Math.abs(number).toFixed(digits);
  const [whole, rest] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const sign = number < 0 && Number(text) !== 0 ? "\u2212" : "";
  return sign + (rest ? `${grouped}.${rest}` : grouped);
}

const FORMS = {
  word: (value, data) => JSON.parse(data.liveWords)[String(value)] ?? String(value),
  place: (value) => `${value.latitude?.toFixed(5)}, ${value.longitude?.toFixed(5)}`,
  plain: (value) => figure(Number(value), 2).replace(/\.0+$|(\.\d*?)0+$/, "$1"),
  text: (value) => (typeof value === "string" ? value : JSON.stringify(value)),
  moment: (value) => {
    const moment = new Date(value * 1000);
    if (Number.isNaN(moment.getTime()) || moment.getUTCFullYear() > 9999) {
      return String(value);
    }
    return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  },
  set: (value, data) => {
    const words = JSON.parse(data.liveWords);
    const on = Object.keys(value).filter((key) => value[key]);
    const text = on.map((key) => words[key] ?? key).join(", ");
    return text ? text[0] + text.slice(1).toLowerCase() : words[""];
  },
};

function written(value, data) {
  if (value === null || value === undefined) {
    return null;
  }
  if (FORMS[data.liveForm]) {
    return FORMS[data.liveForm](value, data);
  }
  const number = Number(value) * Number(data.liveScale) + Number(data.liveOffset);
  return Number.isFinite(number) ? figure(number, Number(data.liveDigits)) : String(value);
}

function isNews(element, at) {
  const shown = element.dataset.liveAt;
  return !shown || Date.parse(shown) <= Date.parse(at);
}

function age(element, at) {
  const box = element.closest("[data-live-box], dd, section, article, div");
  const place = box?.querySelector("[data-live-age]");
  const time = place?.querySelector("time");
  if (time) {
    time.dateTime = at;
    time.dataset.age = "";
    time.textContent = "just now";
    place.hidden = false;
  }
}

function write(element, value, at) {
  const text = written(value, element.dataset);
  const beside = element.nextElementSibling;
  if (text === null) {
    element.classList.add("unknown");
    element.title = NOTHING;
    if (beside) {
      beside.textContent = NOTHING;
    }
  } else if (element.classList.contains("unknown")) {
    element.classList.remove("unknown");
    element.removeAttribute("title");
    if (beside) {
      beside.textContent = element.dataset.liveUnit;
    }
  }
  if (element.textContent !== (text ?? UNKNOWN)) {
    element.textContent = text ?? UNKNOWN;
    element.classList.remove("changed");
    void element.offsetWidth;
    element.classList.add("changed");
  }
  element.dataset.liveAt = at;
  element.closest(".stale")?.classList.remove("stale");
  age(element, at);
}

function values(event) {
  for (const element of document.querySelectorAll(
    `[data-live-vin="${event.vin}"][data-live-signal]`,
  )) {
    const signal = element.dataset.liveSignal;
    if (signal in event.data && isNews(element, event.createdAt)) {
      write(element, event.data[signal], event.createdAt);
    }
  }
  for (const bar of document.querySelectorAll(`[data-live-battery="${event.vin}"]`)) {
    bar.classList.remove("stale");
    const { BatteryLevel: level, ChargeLimitSoc: limit } = event.data;
    if (typeof level === "number") {
      bar.querySelector(".level").setAttribute("width", `${Math.round(level)}%`);
      bar.setAttribute("aria-label", `Battery at ${Math.round(level)} percent`);
    }
    if (typeof limit === "number") {
      bar.querySelector(".limit")?.setAttribute("x", `${limit}%`);
    }
  }
}

document.addEventListener("live:event", ({ detail: event }) => {
  if (event.data && !event.isCache) {
    values(event);
  }
});

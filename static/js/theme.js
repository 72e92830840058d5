/* The theme switch: [data-theme-switch] goes round system, light, dark. The choice is a
   cookie, so that the server writes it into the page and no load flashes. */

const YEAR_S = 365 * 24 * 3600;
const NEXT = { system: "light", light: "dark", dark: "system" };

function chosen() {
  return document.documentElement.dataset.theme || "system";
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    const words = button.querySelector("[data-theme-words]") || button;
    words.textContent = `Theme: ${chosen()}`;
  }
}

function choose(theme) {
  const root = document.documentElement;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (theme === "system") {
    delete root.dataset.theme;
    document.cookie = `theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  } else {
    root.dataset.theme = theme;
    document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  }
  show();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) {
    choose(NEXT[chosen()]);
  }
});

show();

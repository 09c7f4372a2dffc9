// "As the system says": Bootstrap's own dark parts follow an attribute, so it is kept equal to the system's wish.
// Loaded in the head, before anything is drawn, so that no page flashes. A chosen theme is on the page already.
const root = document.documentElement;
if (root.dataset.theme === "auto") {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
}

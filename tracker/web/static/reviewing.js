// A claim under review: the focus goes to its heading, and leaving the page lets others look at it.
const page = document.querySelector("[data-review]");
if (page) {
  const heading = document.querySelector("main h1");
  if (location.hash === "#content" && heading && !document.querySelector("[autofocus]")) {
    heading.tabIndex = -1;
    // the browser goes to the address's fragment first
    window.addEventListener("load", () => { requestAnimationFrame(() => { heading.focus(); }); });
  }
  let sends = false; // a form of this page decides or gives back by itself
  document.addEventListener("submit", () => { sends = true; });
  window.addEventListener("pagehide", () => {
    if (sends || !page.dataset.leave) return;
    const body = new FormData();
    body.set("csrf_token", page.dataset.token);
    body.set("on", "quietly");
    navigator.sendBeacon(page.dataset.leave, body);
  });
}

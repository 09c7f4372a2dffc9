// Words that take a moment to work out come after the page: <span data-later="/address">. Without this script they stay out.
for (const place of document.querySelectorAll("[data-later]")) {
  fetch(place.dataset.later, { redirect: "error" })
    .then((answer) => (answer.ok ? answer.text() : ""))
    .then((words) => { place.textContent = words; })
    .catch(() => {}); // what stands there without them is whole
}

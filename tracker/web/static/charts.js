// Draws the pictures of the reports when they come near to being seen, in the page's own colours and font. Where that cannot be,
// the picture is shown as an image; the words, the table and the files are there in any case.

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const theme = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
};

const withTheme = (address) => {
  const url = new URL(address, location.href);
  url.searchParams.set("theme", theme());
  return url;
};

let library = null; // loaded once, by the first picture that is near
const embedding = (address) => (library ??= import(address).then((script) => script.default));

async function draw(figure) {
  const picture = figure.querySelector(".chart-picture");
  picture.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(withTheme(figure.dataset.chart));
    if (answer.status === 404) {
      figure.hidden = true; // nothing that may be shown
      return;
    }
    if (!answer.ok) throw new Error(`${answer.status}`);
    const spec = await answer.json();
    tell(figure, picture, spec);
    if (!figure.dataset.script) throw new Error("no script yet");
    await embed(figure, picture, spec);
  } catch {
    asImage(figure, picture);
  } finally {
    picture.removeAttribute("aria-busy");
  }
}

async function embed(figure, picture, spec) {
  const vegaEmbed = await embedding(figure.dataset.script);
  const font = getComputedStyle(document.body).fontFamily;
  const held = document.createElement("div");
  held.className = "chart-drawn";
  picture.replaceChildren(held);
  figure.drawn?.finalize();
  figure.drawn = await vegaEmbed(held, { ...spec, config: { ...spec.config, font } }, {
    ast: true,
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    renderer: "svg",
  });
  // one picture with one text: its parts are no stops of their own for a screen reader
  for (const part of held.querySelectorAll("[role], [aria-roledescription], [aria-label]")) {
    for (const name of ["role", "aria-roledescription", "aria-label", "tabindex"]) part.removeAttribute(name);
  }
  held.querySelector("svg")?.setAttribute("aria-hidden", "true");
}

// What the page did not know when it was made: the finding, the text and the table.
function tell(figure, picture, spec) {
  const told = spec.usermeta;
  figure.querySelector(".chart-finding").textContent = told.finding;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", told.summary);
  const details = figure.querySelector(".chart-table");
  if (!details.hidden) return;
  const frame = document.createElement("div");
  frame.className = "table-frame table-tall";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", told.finding);
  const table = frame.appendChild(document.createElement("table"));
  table.className = "table";
  const row = (into, tag, cells) => {
    const line = into.appendChild(document.createElement("tr"));
    cells.forEach((cell, place) => {
      const held = line.appendChild(document.createElement(tag));
      held.textContent = cell;
      if (tag === "th") held.scope = "col";
      if (told.numbers[place]) held.className = "number";
    });
  };
  row(table.appendChild(document.createElement("thead")), "th", told.headings);
  const body = table.appendChild(document.createElement("tbody"));
  for (const cells of told.rows) row(body, "td", cells);
  details.append(frame);
  if (told.note) {
    const note = details.appendChild(document.createElement("p"));
    note.className = "quiet";
    note.textContent = told.note;
  }
  details.hidden = false;
}

function asImage(figure, picture) {
  const image = document.createElement("img");
  image.className = "chart-image";
  image.src = withTheme(figure.dataset.image);
  image.alt = picture.getAttribute("aria-label") ?? figure.querySelector(".chart-finding").textContent;
  image.addEventListener("error", () => {
    picture.textContent = figure.dataset.failed;
  });
  picture.removeAttribute("role");
  picture.removeAttribute("aria-label");
  picture.replaceChildren(image);
}

const drawn = new Set();
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    near.unobserve(entry.target);
    drawn.add(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "300px" });

for (const figure of document.querySelectorAll("[data-chart]")) near.observe(figure);
dark.addEventListener("change", () => drawn.forEach(draw));

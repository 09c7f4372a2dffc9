// Logging a course: its title is searched as it is typed, a draft stays on this device, and a lost connection loses nothing.
// Without this script the form is sent as any other, and a list of courses helps to fill it in. Words come from the page.

const KEEP_DAYS = 14;

// --- A draft on this device: the course, the day and the link; never a file -------------------------------------------------

const store = (name) => {
  const key = `tracker-draft-${name}`;
  return {
    read() {
      try {
        const kept = JSON.parse(localStorage.getItem(key));
        return kept && Date.now() - kept.at < KEEP_DAYS * 86400000 ? kept : null;
      } catch {
        return null; // none, or a browser that keeps nothing
      }
    },
    write(draft) {
      try {
        localStorage.setItem(key, JSON.stringify({ ...draft, at: Date.now() }));
        return true;
      } catch {
        return false;
      }
    },
    clear() {
      try {
        localStorage.removeItem(key);
      } catch {
        // nothing was kept
      }
    },
  };
};

const FIELDS = ["course", "completed_on", "evidence_url"];
const read = (form) => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name]?.value ?? ""]));

function keepDraft(form) {
  const drafts = store(form.dataset.draft);
  const note = form.querySelector("[data-draft-note]");
  const began = read(form);
  const hasFault = Boolean(document.querySelector("[aria-invalid=true]"));
  const draft = drafts.read();

  const put = (kept) => {
    for (const name of FIELDS) if (kept[name]) form.elements[name].value = kept[name];
  };
  const say = (words, ...buttons) => {
    note.replaceChildren();
    const told = document.createElement("p");
    told.textContent = words;
    note.append(told);
    for (const [label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-outline-primary btn-sm";
      button.textContent = label;
      button.addEventListener("click", act);
      note.append(button, " ");
    }
    note.hidden = false;
  };
  const forget = [
    form.dataset.forget,
    () => {
      drafts.clear();
      put({ completed_on: began.completed_on });
      form.elements.course.value = began.course;
      form.elements.evidence_url.value = began.evidence_url;
      note.hidden = true;
      form.elements.course.focus();
    },
  ];

  if (note && draft && !hasFault && !form.elements.again?.value) {
    if (!began.course || began.course === draft.course) {
      put(draft);
      say(form.dataset.restored, forget);
    } else {
      const use = [form.dataset.use, () => { put(draft); note.hidden = true; }];
      say(`${form.dataset.other} ${draft.course || draft.evidence_url}`, use, forget);
    }
  }
  form.addEventListener("input", () => {
    const now = read(form);
    if (now.course || now.evidence_url) drafts.write(now);
  });
  return drafts;
}

// --- Sending: told in words where the connection is gone -----------------------------------------------------------------------

function sendAndTell(form, drafts) {
  const note = form.querySelector("[data-sending-note]");
  const button = form.querySelector("[type=submit]");
  let isSending = false;
  const say = (words) => { note.textContent = words; };

  const kept = () => {
    const now = read(form);
    if (now.course || now.evidence_url) drafts.write(now);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    kept();
    if (!navigator.onLine) {
      say(form.dataset.offline);
      return;
    }
    isSending = true;
    button.setAttribute("aria-disabled", "true");
    say(form.dataset.sending);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        redirect: "manual",
        headers: { Accept: "application/json" },
      });
      if (answer.type === "opaqueredirect") {
        location.reload(); // signed out meanwhile: the way in leads back here, and the draft waits
        return;
      }
      if (answer.ok) {
        const { next } = await answer.json();
        drafts.clear();
        location.assign(next);
        return;
      }
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      say(navigator.onLine ? form.dataset.unsent : form.dataset.offline);
    } finally {
      isSending = false;
      button.removeAttribute("aria-disabled");
    }
  });
  window.addEventListener("offline", () => { kept(); say(form.dataset.offline); });
  window.addEventListener("online", () => { if (note.textContent === form.dataset.offline) say(form.dataset.back); });
}

// The answer's own page, in the place of this one: with its faults, or with what is on record already.
function show(page) {
  const main = page.querySelector("main");
  if (!main) throw new Error("no page");
  document.title = page.title;
  document.querySelector("main").replaceWith(main);
  begin();
  const first = main.querySelector("[autofocus]") ?? main;
  first.focus();
  window.scrollTo(0, 0);
}

// --- The course: a combobox, by the pattern of the ARIA Authoring Practices -----------------------------------------------------

function searchAsTyped(form) {
  const input = form.elements.course;
  input.removeAttribute("list");
  const list = document.createElement("ul");
  list.id = "course-list";
  list.className = "combo-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.list);
  list.hidden = true;
  const told = document.createElement("p");
  told.className = "combo-told quiet visually-hidden";
  told.setAttribute("role", "status");
  const frame = document.createElement("div");
  frame.className = "combo";
  input.replaceWith(frame);
  frame.append(input, list);
  frame.after(told);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    autocapitalize: "none",
    spellcheck: "false",
  })) input.setAttribute(name, value);

  let active = -1;
  let asked = 0;
  let waiting = 0;

  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (at) => {
    const all = options();
    active = all.length ? (at + all.length) % all.length : -1;
    all.forEach((each, index) => each.setAttribute("aria-selected", String(index === active)));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    input.value = option.dataset.value;
    told.textContent = "";
    close();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    window.clearTimeout(waiting);
  };
  const draw = (courses) => {
    list.replaceChildren(
      ...courses.map((course, index) => {
        const option = document.createElement("li");
        option.id = `course-option-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = course.value;
        const title = document.createElement("span");
        title.className = "combo-title";
        title.textContent = course.title;
        const note = document.createElement("span");
        note.className = "quiet";
        note.textContent = course.note;
        option.append(title, " ", note);
        option.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
        option.addEventListener("click", () => choose(option));
        return option;
      }),
    );
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = courses.length === 0;
    input.setAttribute("aria-expanded", String(courses.length > 0));
    const words = courses.length === 1 ? form.dataset.one : form.dataset.some.replace("%d", courses.length);
    told.textContent = courses.length === 0 ? form.dataset.none : words;
    told.classList.toggle("visually-hidden", courses.length > 0); // the list itself shows how many
  };
  const look = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${form.dataset.courses}?q=${encodeURIComponent(input.value)}`, { redirect: "error" });
      if (!answer.ok) throw new Error("not now");
      const { courses } = await answer.json();
      if (mine === asked && document.activeElement === input) draw(courses);
    } catch {
      if (mine === asked) close(); // what is typed is sent as it stands, and the server says whether it found the course
    }
  };
  const soon = () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(look, 150);
  };

  input.addEventListener("input", (event) => { if (event.isTrusted) soon(); });
  input.addEventListener("click", () => { if (list.hidden) look(); });
  input.addEventListener("blur", () => { asked += 1; window.clearTimeout(waiting); close(); told.textContent = ""; });
  input.addEventListener("keydown", async (event) => {
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!isOpen) {
        await look();
        point(step === 1 ? 0 : -1);
      } else point(active < 0 ? (step === 1 ? 0 : -1) : active + step);
    } else if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      choose(options()[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab" && isOpen && active >= 0) choose(options()[active]);
  });
}

function sayTooLarge(form) {
  for (const file of form.querySelectorAll("input[type=file][data-most-bytes]")) {
    file.addEventListener("change", () => {
      const isTooLarge = file.files.length > 0 && file.files[0].size > Number(file.dataset.mostBytes);
      file.setCustomValidity(isTooLarge ? form.dataset.tooLarge : "");
      if (isTooLarge) {
        file.reportValidity();
        file.value = "";
        file.setCustomValidity("");
        form.querySelector("[data-sending-note]").textContent = form.dataset.tooLarge;
      }
    });
  }
}

function begin() {
  const sent = document.querySelector("[data-draft-sent]");
  if (sent) store(sent.dataset.draftSent).clear();
  const form = document.querySelector("form[data-log-form]");
  if (!form || !form.dataset.courses) return; // sent as any other
  searchAsTyped(form);
  sayTooLarge(form);
  sendAndTell(form, keepDraft(form));
}

begin();

// An import's page follows it without a reload; a file that is too large is told before it travels.
// Without this script the page reloads itself, and the server says what is too large.
const job = document.getElementById("job");
if (job) {
  const follow = async () => {
    try {
      const answer = await fetch(location.href, { redirect: "manual", headers: { Accept: "text/html" } });
      if (answer.status >= 500) throw new Error("not now");
      const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("job") : null;
      if (!page || page.dataset.state !== job.dataset.state) {
        location.reload();
        return;
      }
      const [step, bar] = [job.querySelector(".step"), job.querySelector(".bar")];
      const [newStep, newBar] = [page.querySelector(".step"), page.querySelector(".bar")];
      step.replaceChildren(...newStep.childNodes);
      if (newBar.hasAttribute("value")) bar.setAttribute("value", newBar.getAttribute("value"));
      else bar.removeAttribute("value");
    } catch {
      // the server is away for a moment: the next look may find it
    }
    setTimeout(follow, 1000);
  };
  setTimeout(follow, 1000);
}

const file = document.querySelector("input[type=file][data-most-bytes]");
if (file) {
  file.addEventListener("change", () => {
    const most = Number(file.dataset.mostBytes);
    const tooLarge = file.files.length > 0 && file.files[0].size > most;
    file.setCustomValidity(tooLarge ? file.dataset.tooLarge : "");
    file.reportValidity();
  });
}

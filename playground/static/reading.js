// The page of a reading link: asks for the story by the number behind the # of the address, which no request's address holds.
(() => {
  const FAST = 300, QUIET = 1500, HIDDEN = 5000, LATEST = 10_000; // milliseconds between two looks
  const MARGIN = 0.25; // of the window's height, kept free below the line that is being written
  const number = location.hash.slice(1), book = document.querySelector("#book"), notice = document.querySelector("#notice");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colour = () => document.documentElement.classList.toggle("dark", dark.matches);
  let stamp = "", failures = 0, timer = 0;

  const follow = (place) => {
    const end = () => place.getBoundingClientRect().bottom, lowest = window.innerHeight * (1 - MARGIN);
    return (isInView) => { if (isInView && end() > lowest) window.scrollBy({ top: end() - lowest }); };
  };
  const show = ({ title, book: html, live, stamp: next }) => {
    const place = () => book.querySelector(".live") || book.querySelector(".book");
    const isInView = !stamp || (place() && place().getBoundingClientRect().bottom <= window.innerHeight);
    if (html !== undefined) {
      const isFirst = !stamp;
      book.innerHTML = html;
      document.querySelector("#title").textContent = document.title = title;
      if (isFirst && live === null) { stamp = next; return; } // a story that stands still is read from its beginning
    }
    const line = book.querySelector(".live");
    if (line && live !== null && line.innerHTML !== live) line.innerHTML = live;
    if (line) follow(line)(isInView);
    stamp = next;
  };
  const look = async () => {
    let wait = QUIET;
    try {
      const answer = await fetch("read/now", { headers: { "X-Reading-Link": number, "X-Seen": stamp }, cache: "no-store" });
      const told = await answer.json();
      if (answer.status === 404) { // it was taken back
        book.replaceChildren();
        book.removeAttribute("aria-busy");
        document.querySelector("#title").textContent = document.title = "Story Playground";
        notice.textContent = told.message;
        return;
      }
      if (!answer.ok) throw new Error(answer.status);
      show(told);
      book.removeAttribute("aria-busy");
      [failures, notice.textContent] = [0, ""];
      wait = document.hidden ? HIDDEN : told.live !== null ? FAST : QUIET;
    } catch {
      failures += 1;
      if (failures > 1) notice.textContent = document.documentElement.dataset.lost;
      wait = Math.min(LATEST, QUIET * failures);
    }
    timer = setTimeout(look, wait);
  };

  colour();
  dark.addEventListener("change", colour);
  window.addEventListener("hashchange", () => location.reload());
  document.addEventListener("visibilitychange", () => { if (!document.hidden && timer) { clearTimeout(timer); timer = 0; look(); } });
  look();
})();

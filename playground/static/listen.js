// Runs before the page. For ears and keyboards: the words of a passage are said as they are told, sentence by sentence, and the
// focus never falls off the page when its button goes.
(() => {
  const SENTENCE = /[\s\S]*?[.!?]+["”’']*(?=\s)/g; // one behind the other: a dot within 3.50 ends none
  // Where the focus may go, the first one that can take it; before the others but Stop, the button that was pressed last.
  const PLACES = ["#continue", "#words textarea", "#begin", "#opening textarea"];
  let said = null; // what has been said of the passage being written; null while none is
  const SETTLED = 200; // milliseconds in which one button goes and another comes
  let focused = null, pressed = "", awaited = 0;

  const region = Object.assign(document.createElement("div"), { id: "listener", role: "status", lang: "en" });
  region.setAttribute("aria-live", "polite");
  const say = (words) => { if (words.trim()) region.append(Object.assign(document.createElement("p"), { textContent: words.trim() })); };

  const squeeze = (one) => (one?.textContent || "").replace(/\s+/g, " ").trim();
  // What has not been said of these words; all of them where they are told anew.
  const findRest = (words) => (words.startsWith(said) ? words.slice(said.length) : words);

  const follow = () => {
    const book = document.querySelector(".book"), live = book?.querySelector(".live");
    if (live) {
      if (said === null) { said = ""; region.replaceChildren(); }
      const words = squeeze(live), rest = findRest(words), whole = (rest.match(SENTENCE) || []).join("");
      if (!whole) return;
      say(whole);
      said = words.slice(0, words.length - rest.length + whole.length);
    } else if (said !== null && book) {
      const choice = document.querySelector("#ways button") && document.querySelector("#ways p");
      say(choice ? choice.textContent : findRest(squeeze([...book.querySelectorAll(".passage.by-model")].pop())));
      said = null;
    }
  };

  const canTake = (one) => one?.isConnected && !one.disabled && one.checkVisibility();
  const isLost = () => document.activeElement === document.body && focused && !canTake(focused);
  const rescue = () => {
    awaited = 0;
    if (!isLost()) return;
    const places = ["#stop", ...(pressed ? [pressed] : []), ...PLACES].map((place) => document.querySelector(place));
    const place = places.find(canTake);
    if (place) place.focus({ preventScroll: true });
  };
  const expectRescue = () => { if (!awaited && isLost()) awaited = setTimeout(rescue, SETTLED); };
  document.addEventListener("focusin", ({ target }) => {
    if (target.closest("dialog")) return; // a dialog gives the focus back by itself
    focused = target;
    if (target.id && target.id !== "stop" && target.matches(".controls button")) pressed = `#${target.id}`;
  });
  // Whoever points somewhere has chosen where to be.
  document.addEventListener("pointerdown", ({ target }) => { if (focused && !focused.contains(target)) focused = null; }, true);
  // A reader may leave a button for no other one: then it still can take the focus.
  // A button that is switched off lets go of the focus only afterwards, when nothing on the page changes any more.
  document.addEventListener("focusout", ({ target }) => setTimeout(() => {
    if (target === focused && canTake(target)) focused = null;
    expectRescue();
  }, 0));

  const observer = new MutationObserver(() => {
    if (!region.isConnected && document.body) document.body.append(region);
    // Gradio makes the head of a message a button around its button Close, which screen readers cannot tell apart.
    for (const head of document.querySelectorAll(".toast-header[role]")) ["role", "tabindex"].forEach((name) => head.removeAttribute(name));
    follow();
    expectRescue();
  });
  observer.observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["disabled", "class"] });
})();

// Runs before the page. Asks for the sentence that the reader's words will be, a moment after they typed, and takes it into the box.
(() => {
  const PAUSE = 120; // milliseconds without a key
  let ask = null, awaited = 0;
  const find = () => document.querySelector("#preview .sentence")?.textContent;
  const isOn = () => (document.querySelector("#mode input:checked")?.value ?? "typed") !== "typed";

  window.phrasing = {
    listen: (act) => { ask = act; },
    ask: () => {
      clearTimeout(awaited);
      if (isOn()) awaited = setTimeout(() => ask?.(), PAUSE);
    },
    // What the words in the box will be, where that is not what they are.
    find: () => (isOn() ? find() : undefined),
    // New values for the box and its mode: now it is the reader's to change.
    take: () => {
      document.querySelector("#words textarea")?.focus();
      return [find(), "typed"];
    },
  };
})();

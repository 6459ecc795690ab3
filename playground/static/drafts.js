// Runs before the page. What a reader has typed and not yet sent lives in the browser, by story and box, until it is in the story:
// it survives a reload, a lost connection and a new start of the server.
(() => {
  const PREFIX = "story-playground-draft/", BOXES = "#opening textarea, #words textarea, #edit-text textarea, #wish textarea";
  const MIND = ["characters", "notes", "lore"]; // lines to be kept in mind, which a button of their own sends
  const SENDERS = "#begin, #continue, #branch, #strip, #finish";
  let story; // the number of the story in view, "" for none; unknown before the page has arrived
  let passage = null, told = ""; // the one whose panel is open, and its words in the story
  let isCopied = false; // the next story is a copy of this one
  let minded = {}; // the lines that were sent last, by box

  const keyOf = (box, number) => `${PREFIX}${box === "opening" ? "" : number ?? ""}/${box}`;
  const read = (box, number = story) => {
    try { return JSON.parse(localStorage.getItem(keyOf(box, number))) || {}; } catch { return {}; }
  };
  const keep = (box, draft, number = story) => {
    if (draft.words?.trim()) localStorage.setItem(keyOf(box, number), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(box, number));
  };
  const boxOf = (area) => (area.closest("#edit-text") ? `passage-${passage}` : ["opening", "wish"].find((box) => area.closest(`#${box}`)) || "words");
  const cut = (words, sent) => (sent && words?.startsWith(sent) ? words.slice(sent.length).trimStart() : words);
  const squeeze = (words) => words.replace(/\s+/g, " ").trim();

  // Lines that were cleared are a draft, too.
  const findLines = (box) => document.querySelector(`#${box} textarea`)?.value;
  const keepLines = (box) => localStorage.setItem(keyOf(box, story), JSON.stringify({ words: findLines(box) }));
  const restoreLines = (lines) => MIND.map((box, place) => {
    const { words } = read(box);
    if (words === lines[place]) keep(box, {});
    return words === undefined || words === lines[place] ? undefined : words;
  });
  const settleLines = () => MIND.forEach((box) => { if (read(box).words === minded[box]) keep(box, {}); });

  document.addEventListener("input", ({ target }) => {
    const lines = MIND.find((name) => target.closest?.(`#${name}`));
    if (lines && story) keepLines(lines);
    if (!target.matches?.(BOXES)) return;
    const box = boxOf(target), isAsTold = target.closest("#edit-text") && target.value === told;
    keep(box, isAsTold ? {} : { ...read(box), words: target.value });
  });
  // What is sent may reach the story although its answer never comes here.
  const markSent = () => {
    for (const area of document.querySelectorAll("#opening textarea, #words textarea")) {
      const words = area.value, box = boxOf(area);
      if (words.trim()) keep(box, { words, sent: words, sentence: box === "words" ? window.phrasing.find() : undefined });
    }
  };
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.(SENDERS)) markSent();
    if (target.closest?.("#duplicate")) isCopied = true;
    if (target.closest?.("#keep")) minded = Object.fromEntries(MIND.map((box) => [box, findLines(box)]));
  }, true);
  document.addEventListener("keydown", ({ key, target }) => { if (key === "Enter" && target.matches?.(BOXES)) markSent(); }, true);

  // A draft without the words that are the reader's last ones in the book.
  const findRest = (book) => {
    const { words = "", sent, sentence } = read("words");
    const own = [...new DOMParser().parseFromString(book || "", "text/html").querySelectorAll(".by-reader")].pop();
    const hasArrived = sent && own && squeeze(own.textContent) === squeeze(sentence || sent);
    if (hasArrived) keep("words", { words: cut(words, sent) });
    return hasArrived ? cut(words, sent) : words;
  };
  const reopen = () => {
    const names = Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}${story}/passage-`));
    const places = names.map((name) => document.querySelector(`.book [data-act="edit"][data-passage="${name.split("-").pop()}"]`));
    places.find(Boolean)?.click();
  };

  window.drafts = {
    // The page shows a story, as yet or again: new values for the boxes.
    enter: (memory, book, words, opening, wish, ...lines) => {
      const next = memory?.story || "", isArrival = story === undefined;
      if (!window.memory.isOwn(memory) || next === story || (next && !book)) return [];
      window.readAloud.stop(); // another story is not read aloud
      if (isCopied && story) Object.entries({ words, wish }).forEach(([box, typed]) => { if (typed) keep(box, { words: typed }, next); });
      [story, passage, isCopied] = [next, null, false];
      if (!story) return [undefined, isArrival && opening ? undefined : read("opening").words || ""];
      setTimeout(reopen, 500); // when the book is there
      const wished = isArrival && wish ? undefined : read("wish").words || "";
      return [isArrival && words ? undefined : findRest(book), undefined, wished, ...restoreLines(lines)];
    },
    // Only the words that went into the story leave their box, and a wish that a passage was told by; what was typed meanwhile stays.
    accept: (accepted, ...boxes) => {
      if (accepted?.mind) { settleLines(); return []; }
      const names = ["words", "opening", "wish"];
      const rest = boxes.map((words, place) => cut(words, names[place] === "wish" ? accepted?.wish : accepted?.words));
      names.forEach((box, place) => { if (rest[place] !== boxes[place]) keep(box, { words: rest[place] }); });
      return rest.map((words, place) => (words === boxes[place] ? undefined : words));
    },
    // The panel of a passage has opened: its words as the reader left them.
    open: (number, words) => {
      document.querySelector("#editor")?.scrollIntoView({ block: "nearest" }); // it stands below the book, which may be long
      if (number === null) return [];
      if (number !== passage) [passage, told] = [number, words];
      const draft = read(`passage-${number}`);
      return draft.words && draft.words !== words ? [draft.words] : [];
    },
    // The panel has closed: its words are in the story, or the reader left them. A failure leaves it open.
    close: (number) => {
      if (number !== null || passage === null) return;
      keep(`passage-${passage}`, {});
      passage = null;
    },
  };
})();

// Runs before the page: reads the story aloud with the browser's own voice, sentence by sentence, and marks the word it says, or
// the sentence where the browser tells of no words. It goes on to what is told meanwhile, until it is stopped.
(() => {
  const KEPT = "story-playground-reading"; // speed and voice, for this browser
  const SPEEDS = [0.6, 0.8, 1, 1.25, 1.5];
  const TITLE = /(^|[\s"“‘(])(Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|[A-HJ-Z])\.$/; // before a name: its dot ends no sentence
  const END = /[.!?…]+["”’')\]]*(?=\s|$)|\n+/g;
  const STYLE = `
    ::highlight(spoken-sentence) { background-color: #f8e9cd; } ::highlight(spoken-word) { background-color: #f0b565; color: #211d18; }
    .dark ::highlight(spoken-sentence) { background-color: #43361f; } .dark ::highlight(spoken-word) { background-color: #f0b565; color: #211d18; }`;
  let opening = null; // the first passage of the story that is read; null while nothing is
  let place = 0; // how many characters of the story have been read
  let spoken = null, turn = 0; // the sentence being said, and the number of the utterance that says it

  const voice = () => window.speechSynthesis;
  const findBook = () => document.querySelector("#book .book");
  const remember = () => { try { return JSON.parse(localStorage.getItem(KEPT)) || {}; } catch { return {}; } };
  const keep = (change) => localStorage.setItem(KEPT, JSON.stringify({ ...remember(), ...change }));

  // The words of the story as they stand in the book, and where each piece of them is.
  const collect = () => {
    const pieces = [];
    let text = "";
    for (const part of findBook()?.querySelectorAll(".passage, .live") || []) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        pieces.push({ node, start: text.length });
        text += node.data;
      }
      if (part.matches(".live")) text = text.replace(/\S*$/, ""); // its last word may not be whole
    }
    return { pieces, text };
  };
  const findOpening = () => findBook()?.querySelector(".passage")?.textContent ?? null;

  // The first sentence from a place on, as its start and end; null where none is whole yet.
  const findSentence = (text, from, isWriting) => {
    const start = from + text.slice(from).search(/\S/);
    if (start < from) return null;
    END.lastIndex = start;
    for (let found = END.exec(text); found; found = END.exec(text)) {
      const end = found.index + (found[0][0] === "\n" ? 0 : found[0].length);
      const goesOn = /^[^\S\n]*\p{Ll}/u.test(text.slice(end)); // "Stop!" said Tom
      if (found[0][0] === "\n" || !(TITLE.test(text.slice(start, end)) || goesOn)) return end > start ? { start, end } : null;
    }
    return isWriting ? null : { start, end: text.trimEnd().length };
  };

  const marks = { sentence: [], word: [] };
  const unmark = (kind) => {
    window.CSS?.highlights?.delete(`spoken-${kind}`);
    for (const span of marks[kind].splice(0)) { const parent = span.parentNode; span.replaceWith(...span.childNodes); parent?.normalize(); }
  };
  const mark = (kind, start, end) => {
    unmark(kind);
    const ranges = collect().pieces.flatMap(({ node, start: first }) => {
      const from = Math.max(start - first, 0), to = Math.min(end - first, node.length);
      if (from >= to) return [];
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      return [range];
    });
    if (window.CSS?.highlights) CSS.highlights.set(`spoken-${kind}`, new Highlight(...ranges));
    else marks[kind] = ranges.map((range) => {
      const span = Object.assign(document.createElement("span"), { className: `spoken-${kind}` });
      range.surroundContents(span);
      return span;
    });
    return ranges;
  };
  const show = (ranges) => {
    const box = ranges[0]?.getBoundingClientRect(), free = window.innerHeight - (bar.offsetHeight || 0);
    if (box && (box.top < 0 || box.bottom > free)) window.scrollBy({ top: box.top - free / 3 });
  };

  const say = (text, { start, end }) => {
    const mine = ++turn, words = new SpeechSynthesisUtterance(text.slice(start, end)), { speed, chosen } = remember();
    const isMine = (act) => (event) => { if (mine === turn) act(event); };
    words.lang = "en";
    words.rate = SPEEDS.includes(speed) ? speed : 1;
    words.voice = voice().getVoices().find((one) => one.voiceURI === chosen) || null;
    words.onstart = isMine(() => { unmark("word"); show(mark("sentence", start, end)); });
    words.onboundary = isMine(({ name, charIndex, charLength }) => {
      if (name && name !== "word") return;
      const length = charLength || words.text.slice(charIndex).search(/\s|$/);
      mark("word", start + charIndex, start + charIndex + length);
    });
    words.onend = isMine(() => { place = end; spoken = null; clear(); proceed(); });
    words.onerror = isMine(() => stop()); // no voice, or another tab of the browser speaks now
    spoken = { start, end, text: words.text, words }; // kept, or the browser may lose it and its events
    voice().speak(words);
  };
  const clear = () => ["word", "sentence"].forEach(unmark);
  const hush = () => { turn++; spoken = null; clear(); voice().cancel(); };

  // Says what comes next; called whenever a sentence is over or the book has changed.
  const proceed = () => {
    if (opening === null) return;
    const book = findBook();
    if (!book?.checkVisibility() || findOpening() !== opening) { stop(); return; }
    const { text } = collect();
    if (spoken && text.slice(spoken.start, spoken.end) === spoken.text) return;
    if (spoken) { place = Math.min(place, spoken.start); hush(); } // these words are gone: an undo, another version
    place = Math.min(place, text.length);
    const sentence = findSentence(text, place, book.querySelector(".live"));
    if (sentence) say(text, sentence);
  };
  const again = () => { if (spoken) { hush(); proceed(); } };
  const stop = () => {
    if (opening === null) return;
    opening = null;
    hush();
    showBar(false);
  };

  window.readAloud = () => {
    if (!voice()) { alert(findBook()?.dataset.voiceless); return; }
    if (opening !== null) { stop(); return; }
    [opening, place] = [findOpening(), 0];
    showBar(true);
    proceed();
  };

  window.readAloud.stop = stop;

  // The bar: speed, voice, and a button that ends it.
  const bar = Object.assign(document.createElement("div"), { id: "reading-bar", hidden: true });
  bar.setAttribute("role", "region");
  const add = (name) => {
    const label = Object.assign(document.createElement("label"), { htmlFor: `reading-${name}` });
    label.dataset.name = name;
    const choice = Object.assign(document.createElement("select"), { id: label.htmlFor });
    bar.appendChild(document.createElement("span")).append(label, choice);
    return choice;
  };
  const speeds = add("speed"), voices = add("voice");
  speeds.append(...SPEEDS.map((speed) => new Option(`${speed.toLocaleString(navigator.language)} ×`, speed)));
  const close = bar.appendChild(Object.assign(document.createElement("button"), { type: "button", onclick: () => stop() }));
  speeds.onchange = () => { keep({ speed: Number(speeds.value) }); again(); };
  voices.onchange = () => { keep({ chosen: voices.value }); again(); };
  const listVoices = () => {
    const all = voice()?.getVoices() || [], english = all.filter(({ lang }) => /^en\b/i.test(lang)), { chosen } = remember();
    const usual = new Option(findBook()?.dataset.usualVoice || "", "");
    voices.replaceChildren(usual, ...(english.length ? english : all).map((one) => new Option(one.name, one.voiceURI)));
    voices.value = all.some((one) => one.voiceURI === chosen) ? chosen : "";
  };
  const showBar = (isShown) => {
    const words = findBook()?.dataset || {};
    if (isShown) {
      bar.setAttribute("aria-label", words.reading);
      bar.querySelectorAll("[data-name]").forEach((label) => { label.textContent = words[label.dataset.name]; });
      close.textContent = words.silence;
      speeds.value = SPEEDS.includes(remember().speed) ? remember().speed : 1;
      listVoices();
      document.querySelector(".gradio-container")?.append(bar);
    }
    bar.hidden = !isShown;
    document.querySelector("#read")?.setAttribute("aria-pressed", isShown);
  };

  document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  voice()?.addEventListener?.("voiceschanged", listVoices);
  window.addEventListener("pagehide", () => voice()?.cancel());
  new MutationObserver(proceed).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
})();

// Runs when the book loads: grows the passage that is being written, saves files, reads the story aloud.
const MARGIN = 0.25; // of the window's height, kept free below the line that is being written
let followed; // the passage that was brought into view when it began

// The page follows the line, not its own end: what stands below the book can be taller than the window.
window.showLive = (source) => {
  const place = element.querySelector(".live");
  if (!place || !source) return;
  const findEnd = () => place.getBoundingClientRect().bottom;
  const isFollowing = place !== followed || (findEnd() > 0 && findEnd() <= window.innerHeight);
  followed = place;
  place.innerHTML = source.innerHTML;
  const lowest = window.innerHeight * (1 - MARGIN);
  if (isFollowing && (findEnd() > lowest || findEnd() < 0)) window.scrollBy({ top: findEnd() - lowest });
};

window.saveFile = ({ name, type, content }) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// A title before a name ends no sentence.
const TITLE = /(^|\s)(Mr|Mrs|Ms|Dr|St|Prof)\.$/;
const findSentences = (words) => {
  const sentences = [];
  for (const part of words.match(/[^.!?\n]+[.!?]*["”’]*|\n/g) || []) {
    if (TITLE.test(sentences.at(-1) || "")) sentences.push(sentences.pop() + part);
    else if (part.trim()) sentences.push(part);
  }
  return sentences;
};

// Sentence by sentence, with the browser's own voice; the passage being read is marked. A second click ends it.
window.readAloud = () => {
  const voice = window.speechSynthesis;
  const unmark = () => element.querySelectorAll(".spoken").forEach((passage) => passage.classList.remove("spoken"));
  unmark();
  if (!voice) { alert(element.querySelector(".book")?.dataset.voiceless); return; }
  if (voice.speaking || voice.pending) { voice.cancel(); return; }
  for (const passage of element.querySelectorAll(".passage")) {
    for (const sentence of findSentences(passage.innerText)) {
      const words = new SpeechSynthesisUtterance(sentence.trim());
      words.lang = "en";
      words.rate = 0.95;
      words.onstart = () => { unmark(); passage.classList.add("spoken"); passage.scrollIntoView({ block: "nearest" }); };
      words.onend = unmark;
      voice.speak(words);
    }
  }
};

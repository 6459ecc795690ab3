// Runs when the book loads: the passage being written grows in place, files are saved, and the story is read aloud.
window.showLive = (source) => {
  const place = element.querySelector(".live");
  if (!place || !source) return;
  const isAtEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 160;
  place.innerHTML = source.innerHTML;
  if (isAtEnd) window.scrollTo({ top: document.documentElement.scrollHeight });
};

window.saveFile = ({ name, type, content }) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// Sentence by sentence, with the browser's own voice; the passage being read is marked. A second click ends it.
window.readAloud = () => {
  const voice = window.speechSynthesis;
  const unmark = () => element.querySelectorAll(".spoken").forEach((passage) => passage.classList.remove("spoken"));
  unmark();
  if (!voice) { alert(element.querySelector(".book")?.dataset.voiceless); return; }
  if (voice.speaking || voice.pending) { voice.cancel(); return; }
  for (const passage of element.querySelectorAll(".passage")) {
    for (const sentence of passage.innerText.match(/[^.!?\n]+[.!?]*["”’]*|\n/g) || []) {
      if (!sentence.trim()) continue;
      const words = new SpeechSynthesisUtterance(sentence.trim());
      words.lang = "en";
      words.rate = 0.95;
      words.onstart = () => { unmark(); passage.classList.add("spoken"); passage.scrollIntoView({ block: "nearest" }); };
      words.onend = unmark;
      voice.speak(words);
    }
  }
};

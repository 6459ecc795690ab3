// Runs when the book loads: grows the passage that is being written, and saves files.
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

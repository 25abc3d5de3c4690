// Tells how many px wide the place is that this element fills, now and whenever it changes.
const watched = new WeakMap();

// The canvas draws a shape only for the left button, and a finger has none: it would draw with the brush alone.
if (window.TouchEvent && !("button" in TouchEvent.prototype)) {
  Object.defineProperty(TouchEvent.prototype, "button", { configurable: true, get: () => 0 });
}

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.host ?? parentElement;
  const known = watched.get(host);
  if (known) {
    known.setStateValue = setStateValue;
    return known.stop;
  }
  let last = data.known;
  let timer;
  const own = { setStateValue };
  const tell = () => {
    const width = Math.floor(host.getBoundingClientRect().width);
    if (width > 0 && Math.abs(width - last) > 3) {
      last = width;
      own.setStateValue("width", width);
    }
  };
  const observer = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(tell, 150); // while a window is dragged, only where it ends counts
  });
  own.stop = () => {
    observer.disconnect();
    clearTimeout(timer);
    watched.delete(host);
  };
  watched.set(host, own);
  observer.observe(host);
  tell();
  return own.stop;
}

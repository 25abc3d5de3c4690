// Keeps the drawing on a photo with this tab, and tells it once where the server has none: after the page was reloaded.
const told = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.host ?? parentElement;
  const name = `memorability-lab drawing ${data.photo}`;
  try {
    if (data.drawing !== null) {
      sessionStorage.setItem(name, data.drawing);
      return;
    }
    const kept = sessionStorage.getItem(name);
    if (kept !== null && told.get(host) !== name) {
      told.set(host, name);
      setStateValue("kept", { photo: data.photo, drawing: kept });
    }
  } catch (error) {
    console.warn("The drawing is not kept for a reload:", error); // storage is full, or the browser forbids it
  }
}

// Keys that press a button of the page, unless somebody is typing; and only one toolbar: the canvas's own is put away.
const own = new WeakMap()
const TYPED = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]"

function name(event) {
  const control = event.ctrlKey || event.metaKey
  return `${control ? "ctrl+" : ""}${control && event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}`
}

function press(keys, event) {
  if (event.altKey || event.composedPath()[0].closest?.(TYPED)) return
  const selector = keys[name(event)]
  const button = selector && [...document.querySelectorAll(selector)].find((found) => found.offsetParent && !found.disabled)
  if (!button) return
  event.preventDefault()
  button.click()
}

function putAway(frame) {
  for (const part of frame.querySelectorAll("*")) {
    const inside = part.shadowRoot?.querySelector(".dc-toolbar")
    if (inside) inside.style.display = "none"
  }
}

export default function ({ data, parentElement }) {
  const host = parentElement.host ?? parentElement
  const frame = document.querySelector(data.frame)
  const known = own.get(host)
  if (known) {
    known.keys = data.keys
    if (frame) putAway(frame)
    return known.stop
  }
  const state = { keys: data.keys }
  const listen = (event) => press(state.keys, event)
  const watcher = setInterval(() => {
    const now = document.querySelector(data.frame)
    if (now) putAway(now)
  }, 500)
  document.addEventListener("keydown", listen)
  state.stop = () => {
    document.removeEventListener("keydown", listen)
    clearInterval(watcher)
    own.delete(host)
  }
  own.set(host, state)
  return state.stop
}

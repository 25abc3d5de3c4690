// Keys that press a button of the page, unless somebody is typing; and only one toolbar: the canvas's own is put away.
const own = new WeakMap()
const TYPED = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]"
const STEERED = `${TYPED}, input, [role=slider], [role=radio], [role=tab], [role=listbox], [role=option], [role=menu]`
const SENT = 300 // ms after a stroke within which the canvas still keeps it to itself

function name(event) {
  const control = event.ctrlKey || event.metaKey
  return `${control ? "ctrl+" : ""}${control && event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}`
}

function meant(state, event) {
  const arrow = event.key.startsWith("Arrow")
  if (event.altKey || event.composedPath()[0].closest?.(arrow ? STEERED : TYPED)) return undefined
  if (arrow && !state.over) return undefined // they move the page otherwise
  return state.keys[name(event)]
}

function able(selector) {
  return [...document.querySelectorAll(selector)].find((found) => found.offsetParent && !found.disabled)
}

function press(state, event) {
  const selector = meant(state, event)
  if (!selector) return
  const early = state.drawn + SENT - performance.now()
  const button = able(selector)
  if (!button && early <= 0) return
  event.preventDefault()
  if (state.drawing) return // a stroke is not taken away from under the hand
  if (early > 0) setTimeout(() => able(selector)?.click(), early)
  else button.click()
}

function watch(state) {
  const inside = (event) => event.target.closest?.(state.frame)
  const down = (event) => { state.drawing = Boolean(inside(event)) }
  const up = () => {
    if (state.drawing) state.drawn = performance.now()
    state.drawing = false
  }
  const over = (event) => { state.over = Boolean(inside(event)) }
  const heard = { pointerdown: down, pointerup: up, pointercancel: up, pointerover: over }
  for (const [kind, hear] of Object.entries(heard)) document.addEventListener(kind, hear, true)
  return () => {
    for (const [kind, hear] of Object.entries(heard)) document.removeEventListener(kind, hear, true)
  }
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
    Object.assign(known, data)
    if (frame) putAway(frame)
    return known.stop
  }
  const state = { ...data, over: false, drawing: false, drawn: -SENT }
  const listen = (event) => press(state, event)
  const unwatch = watch(state)
  const watcher = setInterval(() => {
    const now = document.querySelector(data.frame)
    if (now) putAway(now)
  }, 500)
  document.addEventListener("keydown", listen)
  state.stop = () => {
    document.removeEventListener("keydown", listen)
    clearInterval(watcher)
    unwatch()
    own.delete(host)
  }
  own.set(host, state)
  return state.stop
}

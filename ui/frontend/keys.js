// Keys that press a button of the page, unless somebody is typing; and only one toolbar: the canvas's own is put away.
const own = new WeakMap()
const TYPED = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]"
const STEERED = `${TYPED}, input, [role=slider], [role=radio], [role=tab], [role=listbox], [role=option], [role=menu]`
const SENT = 300 // ms after a stroke within which the canvas still keeps it to itself
const SOON = 100 // ms after which a press that waits looks again
const PATIENCE = 30000 // ms after which a press counts as answered, whatever the page says
const RUNNING = "[data-testid=stApp][data-test-script-state=running]"

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
  if (!selector || (!able(selector) && !waits(state))) return
  event.preventDefault()
  if (state.drawing) return // a stroke is not taken away from under the hand
  state.presses.push(selector)
  if (state.presses.length === 1) click(state)
}

// Whether the page may still be on its way to a button that can be pressed.
function waits(state) {
  return state.presses.length > 0 || state.drawn + SENT > performance.now() || document.querySelector(RUNNING)
}

// Presses wait for each other: of two clicks on one button that come before the page's answer, Streamlit sees one.
function click(state) {
  while (state.presses.length && !state.drawing && state.drawn + SENT <= performance.now()) {
    const [selector] = state.presses
    if (performance.now() < state.asked[selector] + PATIENCE) break
    const button = able(selector)
    if (!button && document.querySelector(RUNNING)) break
    state.presses.shift()
    if (!button) continue
    state.asked[selector] = performance.now()
    button.click()
  }
  if (state.presses.length) state.later = setTimeout(() => click(state), SOON)
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
    if (data.answer !== known.answer) known.asked = {}
    Object.assign(known, data)
    if (frame) putAway(frame)
    return known.stop
  }
  const state = { ...data, over: false, drawing: false, drawn: -SENT, presses: [], asked: {} }
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
    clearTimeout(state.later)
    unwatch()
    own.delete(host)
  }
  own.set(host, state)
  return state.stop
}

// The canvas by keys: what a hand would do with the pointer, keys do with a mark, so that the canvas draws the same strokes.
// The canvas is fetched after this script; what keys draw before it is there is kept, and drawn once it is.
const pens = new WeakMap()
const SMOOTH = 4 // px between two places that the canvas is told of
const SMALLEST = 12 // px of the mark, however fine the brush is
const SOON = 50 // ms between two looks for a canvas that is still on its way

function canvasIn(frame) {
  for (const part of document.querySelector(frame)?.querySelectorAll("*") ?? []) {
    const found = part.shadowRoot?.querySelector("canvas.upper-canvas")
    if (found) return found
  }
}

function show(pen) {
  const { data, mark, place } = pen
  const size = Math.max(SMALLEST, data.size)
  Object.assign(mark.style, {
    left: `${place[0] * data.width}px`, top: `${place[1] * data.width}px`, width: `${size}px`, height: `${size}px`,
  })
  mark.classList.toggle("down", pen.down)
}

// Fabric hears the mouse; the page's keys hear pointers, so that none undoes a stroke that is being drawn.
function tell(pen, kind, place) {
  if (pen.canvas && !pen.early.length) return act(pen, kind, place)
  pen.early.push([kind, place])
  look(pen)
}

function act(pen, kind, [x, y]) {
  const box = pen.canvas.getBoundingClientRect()
  const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.width }
  const how = { ...at, bubbles: true, composed: true, cancelable: true, view: window, button: 0, buttons: Number(kind !== "up") }
  pen.canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { ...how, pointerType: "mouse", isPrimary: true }))
  pen.canvas.dispatchEvent(new MouseEvent(`mouse${kind}`, how))
}

// Looks for the canvas, again and again until it is there, and then draws what waited for it.
function look(pen) {
  clearTimeout(pen.looking)
  const found = canvasIn(pen.data.frame)
  pen.soon.hidden = Boolean(found)
  // Not at once: a canvas that was added just now takes up its tool only afterwards.
  if (found && pen.early.length) pen.looking = setTimeout(() => catchUp(pen, found))
  else if (!found) pen.looking = setTimeout(() => pen.soon.isConnected && look(pen), SOON)
}

function catchUp(pen, canvas) {
  pen.canvas = canvas
  // The canvas notes a stroke once whoever ended it is done; the next one begins only then.
  const end = pen.early.findIndex(([kind]) => kind === "up") + 1 || pen.early.length
  for (const [kind, place] of pen.early.splice(0, end)) act(pen, kind, place)
  if (pen.early.length) look(pen)
  else if (!pen.down) pen.canvas = undefined
}

function lower(pen) {
  pen.canvas = canvasIn(pen.data.frame)
  pen.down = true
  pen.start = pen.place
  tell(pen, "down", pen.place)
  say(pen.status, `${pen.data.words[0]} at ${inWords(pen.place, pen.ratio)}`)
}

function lift(pen, words = pen.data.words[1]) {
  if (!pen.canvas || pen.canvas.isConnected) tell(pen, "up", pen.place)
  pen.down = false
  if (!pen.early.length) pen.canvas = undefined
  say(pen.status, words)
}

// A shape that ends where it began is none; what a brush has painted stays.
function cancel(pen) {
  if (!pen.data.shape) return lift(pen)
  tell(pen, "move", pen.start)
  pen.place = pen.start
  lift(pen, "Nothing drawn")
}

function go(pen, to) {
  const from = pen.place, px = Math.hypot(to[0] - from[0], to[1] - from[1]) * pen.data.width
  const parts = pen.down ? Math.ceil(px / SMOOTH) : 0
  pen.place = to
  if (pen.canvas && !pen.canvas.isConnected) return lose(pen)
  for (let part = 1; part <= parts; part++)
    tell(pen, "move", from.map((value, i) => value + (to[i] - value) * part / parts))
  say(pen.status, inWords(to, pen.ratio), QUIET)
}

function lose(pen) {
  pen.early.length = 0
  pen.down = false
  pen.canvas = undefined
  say(pen.status, "The picture was drawn anew; begin again.")
}

function press(pen, event) {
  const to = moved(pen.place, event, pen.ratio)
  const bare = !event.ctrlKey && !event.metaKey && !event.altKey
  if (to) go(pen, to)
  else if (bare && [" ", "Enter"].includes(event.key)) event.repeat || (pen.down ? lift(pen) : lower(pen))
  else if (event.key === "Escape" && pen.down) cancel(pen)
  else return
  event.preventDefault()
  event.stopPropagation() // over an enlarged picture, arrows would move what is seen
  show(pen)
  pen.mark.scrollIntoView({ block: "nearest", inline: "nearest" })
}

export default function ({ data, parentElement }) {
  const surface = parentElement.querySelector(".pen")
  let pen = pens.get(surface)
  if (!pen) {
    const [mark, soon, status] = [".mark", ".soon", "[role=status]"].map((part) => parentElement.querySelector(part))
    pen = { mark, soon, status, place: undefined, down: false, early: [] }
    pens.set(surface, pen)
    surface.addEventListener("keydown", (event) => press(pen, event))
    surface.addEventListener("focus", () => { pen.mark.hidden = false })
    surface.addEventListener("blur", () => {
      if (pen.down) lift(pen)
      pen.mark.hidden = true
    })
  }
  if (pen.data?.label !== data.label && pen.early.length) lose(pen) // meant for another picture or tool
  pen.data = data
  pen.ratio = data.height / data.width
  pen.place = pen.photo === data.photo ? pen.place : [0.5, Math.round(pen.ratio * 50) / 100]
  pen.photo = data.photo
  surface.style.width = `${data.width}px`
  surface.style.height = `${data.height}px`
  surface.setAttribute("aria-label", data.label)
  show(pen)
  look(pen)
}

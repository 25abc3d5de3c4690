// The canvas by keys: what a hand would do with the pointer, keys do with a mark, so that the canvas draws the same strokes.
const pens = new WeakMap()
const SMOOTH = 4 // px between two places that the canvas is told of
const SMALLEST = 12 // px of the mark, however fine the brush is

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
  mark.classList.toggle("down", Boolean(pen.canvas))
}

// Fabric hears the mouse; the page's keys hear pointers, so that none undoes a stroke that is being drawn.
function tell(pen, kind, [x, y]) {
  const box = pen.canvas.getBoundingClientRect()
  const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.width }
  const how = { ...at, bubbles: true, composed: true, cancelable: true, view: window, button: 0, buttons: Number(kind !== "up") }
  pen.canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { ...how, pointerType: "mouse", isPrimary: true }))
  pen.canvas.dispatchEvent(new MouseEvent(`mouse${kind}`, how))
}

function lower(pen) {
  pen.canvas = canvasIn(pen.data.frame)
  if (!pen.canvas) return say(pen.status, "The picture is still on its way.")
  pen.start = pen.place
  tell(pen, "down", pen.place)
  say(pen.status, `${pen.data.words[0]} at ${inWords(pen.place, pen.ratio)}`)
}

function lift(pen, words = pen.data.words[1]) {
  if (pen.canvas?.isConnected) tell(pen, "up", pen.place)
  pen.canvas = undefined
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
  const parts = pen.canvas ? Math.ceil(px / SMOOTH) : 0
  pen.place = to
  if (pen.canvas && !pen.canvas.isConnected) return lift(pen, "The picture was drawn anew; begin again.")
  for (let part = 1; part <= parts; part++)
    tell(pen, "move", from.map((value, i) => value + (to[i] - value) * part / parts))
  say(pen.status, inWords(to, pen.ratio), QUIET)
}

function press(pen, event) {
  const to = moved(pen.place, event, pen.ratio)
  const bare = !event.ctrlKey && !event.metaKey && !event.altKey
  if (to) go(pen, to)
  else if (bare && [" ", "Enter"].includes(event.key)) event.repeat || (pen.canvas ? lift(pen) : lower(pen))
  else if (event.key === "Escape" && pen.canvas) cancel(pen)
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
    pen = { mark: surface.querySelector(".mark"), status: parentElement.querySelector("[role=status]"), place: undefined }
    pens.set(surface, pen)
    surface.addEventListener("keydown", (event) => press(pen, event))
    surface.addEventListener("focus", () => { pen.mark.hidden = false })
    surface.addEventListener("blur", () => {
      if (pen.canvas) lift(pen)
      pen.mark.hidden = true
    })
  }
  pen.data = data
  pen.ratio = data.height / data.width
  pen.place = pen.photo === data.photo ? pen.place : [0.5, Math.round(pen.ratio * 50) / 100]
  pen.photo = data.photo
  surface.style.width = `${data.width}px`
  surface.style.height = `${data.height}px`
  surface.setAttribute("aria-label", data.label)
  show(pen)
}

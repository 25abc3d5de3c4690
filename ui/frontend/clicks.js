// A picture to click on: the corners of a polygon, or single places. Places are in widths of the picture.
const boards = new WeakMap()
const NEAR = 12 // px around the first corner that close a polygon

function draw(board) {
  const { data, svg, corners } = board
  const across = 1000, down = Math.round(1000 * data.height / data.width)
  svg.setAttribute("viewBox", `0 0 ${across} ${down}`)
  const at = ([x, y]) => `${(x * across).toFixed(1)},${(y * across).toFixed(1)}`
  const line = corners.map(at).join(" ")
  const size = 1000 / (svg.getBoundingClientRect().width || 1000)
  const dot = (place, first) => {
    const [x, y] = at(place).split(",")
    return `<circle cx="${x}" cy="${y}" r="${(first ? 7 : 4) * size}" />`
  }
  const drawn = data.polygon && corners.length
    ? `<polyline points="${line}" stroke-width="${2 * size}" />` + corners.map((place, i) => dot(place, i === 0)).join("") : ""
  svg.innerHTML = drawn + (board.focused ? cross(board.place, across, size) : "")
}

// Where the keys are: two crossed lines, dark around light, seen on any photo.
function cross([x, y], across, size) {
  const [left, top, arm] = [x * across, y * across, 14 * size]
  const path = `M${left - arm} ${top}h${2 * arm}M${left} ${top - arm}v${2 * arm}`
  return `<path d="${path}" stroke="#22262B" stroke-width="${6 * size}" /><path d="${path}" stroke="#fff" stroke-width="${2 * size}" />`
}

function tell(board) {
  draw(board)
  board.setStateValue("corners", { number: board.data.number, corners: board.corners })
}

function close(board) {
  if (board.corners.length < 3) return
  const corners = board.corners
  board.corners = []
  draw(board)
  board.setTriggerValue("closed", corners)
}

function click(board, event) {
  const box = board.svg.getBoundingClientRect()
  choose(board, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width], box)
}

function choose(board, place, box) {
  if (!board.data.polygon) return board.setTriggerValue("clicked", place)
  const [first, last] = [board.corners[0], board.corners.at(-1)]
  const near = (corner) => corner && Math.hypot(corner[0] - place[0], corner[1] - place[1]) * box.width <= NEAR
  if (near(first) && board.corners.length >= 3) return close(board)
  if (near(last)) return
  board.corners.push(place)
  tell(board)
}

// The place where the keys are, and what they did there.
function key(board, event) {
  const { data, status } = board, ratio = data.height / data.width
  const to = moved(board.place, event, ratio)
  if (to) {
    board.place = to
    draw(board)
    say(status, inWords(to, ratio), QUIET)
  } else if (event.key === " " || (event.key === "Enter" && !data.polygon)) {
    if (!event.repeat) choose(board, board.place, board.svg.getBoundingClientRect())
    say(status, data.polygon ? corners(board) : `Picked at ${inWords(board.place, ratio)}`)
  } else if (!data.polygon || !keyOfPolygon(board, event)) return
  event.preventDefault()
  event.stopPropagation() // over an enlarged picture, arrows would move what is seen
}

function corners(board) {
  return board.corners.length ? `Corner ${board.corners.length}` : "Closed"
}

function keyOfPolygon(board, event) {
  if (event.key === "Enter") {
    close(board)
    say(board.status, board.corners.length ? "A polygon has at least three corners." : "Closed")
    return true
  }
  if (!["Backspace", "Escape"].includes(event.key) || !board.corners.length) return false
  board.corners = event.key === "Escape" ? [] : board.corners.slice(0, -1)
  tell(board)
  say(board.status, board.corners.length ? `Corner ${board.corners.length} is the last` : "No corner")
  return true
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const frame = parentElement.querySelector(".clicks"), [image, svg] = frame.children
  let board = boards.get(frame)
  if (!board) {
    board = { svg, status: parentElement.querySelector("[role=status]"), corners: [], number: null, place: [0.5, 0.3] }
    boards.set(frame, board)
    svg.addEventListener("click", (event) => click(board, event))
    svg.addEventListener("keydown", (event) => key(board, event))
    for (const kind of ["focus", "blur"]) svg.addEventListener(kind, () => {
      board.focused = kind === "focus" && svg.matches(":focus-visible")
      draw(board)
    })
  }
  Object.assign(board, { data, setStateValue, setTriggerValue })
  if (board.number !== data.number) { // the page knows other corners: after an undo, another photo, a way back
    board.corners = data.corners.map((corner) => [...corner])
    board.number = data.number
  }
  if (image.getAttribute("src") !== data.picture) image.src = data.picture
  image.alt = data.alt
  frame.style.width = `${data.width}px`
  frame.style.aspectRatio = `${data.width} / ${data.height}`
  svg.setAttribute("aria-label", data.alt)
  draw(board)
}

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
  svg.innerHTML = data.polygon && corners.length
    ? `<polyline points="${line}" stroke-width="${2 * size}" />` + corners.map((place, i) => dot(place, i === 0)).join("") : ""
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
  const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width]
  if (!board.data.polygon) return board.setTriggerValue("clicked", place)
  const [first, last] = [board.corners[0], board.corners.at(-1)]
  const near = (corner) => corner && Math.hypot(corner[0] - place[0], corner[1] - place[1]) * box.width <= NEAR
  if (near(first) && board.corners.length >= 3) return close(board)
  if (near(last)) return
  board.corners.push(place)
  tell(board)
}

function key(board, event) {
  if (!board.data.polygon) return
  if (event.key === "Enter") close(board)
  else if (event.key === "Backspace" && board.corners.length) {
    board.corners.pop()
    tell(board)
  } else return
  event.preventDefault()
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const frame = parentElement.querySelector(".clicks"), [image, svg] = frame.children
  let board = boards.get(frame)
  if (!board) {
    board = { svg, corners: [], number: null }
    boards.set(frame, board)
    svg.addEventListener("click", (event) => click(board, event))
    svg.addEventListener("keydown", (event) => key(board, event))
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

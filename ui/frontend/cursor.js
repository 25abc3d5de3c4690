// A place on a picture that arrow keys move, in widths of the picture; where it is, a screen reader says once it rests.
const STEP = 0.01, FAR = 0.05 // with Shift
const QUIET = 400 // ms without another key after which the place is said
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

// Where a key moves a place on a picture that is so high; undefined for any other key.
function moved([x, y], event, ratio) {
  const way = WAYS[event.key]
  if (!way || event.ctrlKey || event.metaKey || event.altKey) return undefined
  const by = event.shiftKey ? FAR : STEP
  const within = (value, end) => Math.round(Math.max(0, Math.min(end, value)) * 1e4) / 1e4
  return [within(x + way[0] * by, 1), within(y + way[1] * by, ratio)]
}

function inWords([x, y], ratio) {
  return `${Math.round(100 * x)} % across, ${Math.round(100 * y / ratio)} % down`
}

function say(status, words, wait = 0) {
  clearTimeout(status.later)
  status.later = setTimeout(() => { status.textContent = words }, wait)
}

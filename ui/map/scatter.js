// A map of photos: plotly.js draws the points, a tooltip of our own shows the thumbnail, clicks and lassos go to Python.
// Everything of one map lives in `states`, so that a rerun with the same files redraws nothing.
const states = new WeakMap()
let pointer = null // where it was last, over whichever map: a new one may be drawn under it
const TILE = 64, SHEET_COLUMNS = 8, WANTED = 48, SHADES = 256
const MOST_PICTURES = 40, PICTURE = 44 // photos in view that are drawn as pictures, and their side in px
const MOST_WITHOUT_WEBGL = 10000
const SELECTED = "#D9782D", KEPT = "#3A87C8"

const webgl = (() => {
  const canvas = document.createElement("canvas")
  return Boolean(canvas.getContext("webgl2") ?? canvas.getContext("webgl"))
})()

async function fetched(url) {
  const answer = await fetch(address(url))
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return answer
}
const floats = async (url) => new Float32Array(await (await fetched(url)).arrayBuffer())

async function changed(state, name, url, read) {
  if (state.urls[name] === url) return false
  state.files[name] = await read(url)
  state.urls[name] = url
  return true
}

function colourScale(colour) {
  const n = colour.scale.length
  if (!colour.names.length) return colour.scale.map((c, i) => [i / (n - 1), c])
  return colour.scale.flatMap((c, i) => [[i / n, c], [(i + 1) / n, c]])
}

// A colour a category, or SHADES from the lowest to the highest value: plotly.js would work each point's out from text.
function shades(colour) {
  const stops = colour.scale.map((text) => [...[1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16) / 255), 1])
  if (colour.names.length) return stops
  return Array.from({ length: SHADES }, (_, shade) => {
    const place = shade / (SHADES - 1) * (stops.length - 1), k = Math.min(Math.floor(place), stops.length - 2)
    return stops[k].map((from, part) => from + (place - k) * (stops[k + 1][part] - from))
  })
}

function marker(state, data, rows) {
  const { colour } = data, { values } = state.files, found = shades(colour), [low, high] = colour.limits
  const shade = (value) => Math.round(Math.max(0, Math.min(1, (value - low) / (high - low))) * (SHADES - 1))
  const many = rows.length > 20000
  return {
    color: rows.map((i) => found[colour.names.length ? values[i] : shade(values[i])]),
    size: data.dims === 3 ? 3 : many ? 3 : 6, opacity: many ? 0.6 : 0.8, line: { width: 0 },
  }
}

// The colour bar belongs to a trace of its own, of no point.
function bar(state, data) {
  const { colour } = data, n = colour.names.length, [low, high] = n ? [-0.5, n - 0.5] : colour.limits
  const ticks = n ? { tickmode: "array", tickvals: colour.names.map((_, i) => i), ticktext: colour.names } : { nticks: 5 }
  const found = spot(data, [null, null, null], "#000")
  found.marker = {
    color: [low], colorscale: colourScale(colour), cmin: low, cmax: high, showscale: true,
    colorbar: { ...ticks, title: { text: colour.label, side: "top", font: { size: 12 } }, orientation: "h", thickness: 10,
                x: 0.5, y: 1.0, yanchor: "bottom", len: 0.9, outlinewidth: 0, tickfont: { size: 11, color: state.ink } },
  }
  return found
}

// Points without a value lie below, small and grey.
const unknown = (data) => ({ color: "#8A8F98", size: data.dims === 3 ? 2 : 4, opacity: 0.3, line: { width: 0 } })

const kindOfTrace = (dims) => dims === 3 ? "scatter3d" : webgl ? "scattergl" : "scatter"

function trace(state, data, rows, extra) {
  const points = state.files.points, d = data.dims
  const axis = (k) => Float32Array.from(rows, (i) => points[i * d + k])
  const found = { x: axis(0), y: axis(1), mode: "markers", hoverinfo: "none", showlegend: false,
                  type: kindOfTrace(d), ...extra }
  if (d === 3) found.z = axis(2)
  return found
}

function spot(data, place, colour) {
  const found = { x: [place[0]], y: [place[1]], mode: "markers", hoverinfo: "skip", showlegend: false,
                  type: kindOfTrace(data.dims),
                  marker: { size: data.dims === 3 ? 9 : 17, color: "rgba(0,0,0,0)", symbol: data.dims === 3 ? "circle-open" : "circle",
                            line: { width: 3, color: colour } } }
  if (data.dims === 3) { found.z = [place[2]]; found.marker.color = colour }
  return found
}

// Photos of a study that are not on the map themselves.
function guests(data) {
  const axis = (k) => data.guests.map((place) => place[k])
  const found = { x: axis(0), y: axis(1), mode: "markers", hoverinfo: "skip", showlegend: false,
                  type: kindOfTrace(data.dims),
                  marker: { size: data.dims === 3 ? 5 : 9, color: KEPT, symbol: "diamond", line: { width: 1, color: "#FFF" } } }
  if (data.dims === 3) found.z = axis(2)
  return found
}

// Photos that are marked: the pinned one and the visitor's own.
function marks(state, data) {
  const { points } = state.files, d = data.dims, found = []
  if (data.pinned !== null && data.pinned < data.count) {
    found.push({ place: points.slice(data.pinned * d, (data.pinned + 1) * d), colour: SELECTED, text: "pinned" })
  }
  if (data.landed) found.push({ place: data.landed, colour: KEPT, text: "your photo" })
  return found
}

// In three dimensions a mark may lie behind others: an arrow that always shows points at it.
const arrows = (state, data) => marks(state, data).map(({ place: [x, y, z], colour, text }) => (
  { x, y, z, text, ax: 0, ay: -60, arrowcolor: colour, arrowwidth: 2, bordercolor: colour, borderpad: 3,
    bgcolor: state.paper, font: { color: state.ink, size: 13 } }))

// The outlines of a selection; those that take photos away are dashed.
function outlines(selection, color) {
  return (selection ? selection.split("|") : []).map((text) => {
    const [kind, rest] = text.replace(/^[+-]/, "").split(":")
    const line = { color, width: 2, dash: text.startsWith("-") ? "dash" : "dot" }
    if (kind === "lasso") return { type: "path", path: "M" + rest.split(";").join("L") + "Z", line }
    const [x0, y0, x1, y1] = rest.split(",").map(Number)
    return { type: "rect", x0, y0, x1, y1, line }
  })
}

// Lines inside which a quarter, half and three quarters of the photos lie.
function contours(state, data) {
  if (!data.density) return []
  const { x, y } = data.density, z = y.map((_, row) => state.files.share.subarray(row * x.length, (row + 1) * x.length))
  return [{ type: "contour", x, y, z, hoverinfo: "skip", showscale: false, showlegend: false, opacity: 0.7,
            contours: { coloring: "lines", start: 0.25, end: 0.75, size: 0.25 }, line: { width: 1.5 },
            colorscale: [[0, state.ink], [1, state.ink]] }]
}

const captions = (state, data) => data.captions.map(({ x, y, text }) => (
  { x, y, text, showarrow: false, font: { color: state.ink, size: 12 }, bgcolor: state.paper, borderpad: 2, opacity: 0.85 }))

function layout(state, data) {
  const hidden = { visible: false, showgrid: false, zeroline: false }
  const axis = { ...hidden, showspikes: false }
  return {
    height: data.height, margin: { l: 0, r: 0, t: 64, b: 0 }, hovermode: "closest", showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: state.ink },
    dragmode: data.dims === 3 ? "orbit" : state.drag, hoverdistance: 12, uirevision: data.points,
    xaxis: { ...hidden }, yaxis: { ...hidden },
    scene: { xaxis: axis, yaxis: axis, zaxis: axis, dragmode: "orbit", camera: { eye: { x: 0.95, y: 0.95, z: 0.95 } },
             annotations: data.dims === 3 ? arrows(state, data) : [] },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: "#8A8F98", activecolor: "#D9782D" },
    shapes: data.dims === 2 ? [...outlines(data.kept, KEPT), ...outlines(data.selection, SELECTED)] : [],
    annotations: data.dims === 2 ? captions(state, data) : [],
    selections: [],
  }
}

async function draw(state) {
  const data = state.data
  await Promise.all([
    changed(state, "points", data.points, floats),
    changed(state, "values", data.values, floats),
    changed(state, "shown", data.shown, async (url) => new Uint8Array(await (await fetched(url)).arrayBuffer())),
    data.density && changed(state, "share", data.density.share, floats),
    loadPlotly(data.plotly),
  ])
  await state.held // an outline that is being drawn would be lost
  if (data !== state.data) return // a newer run came meanwhile, and draws itself
  const { sheet, ...seen } = data, drawing = JSON.stringify([seen, state.ink, state.paper])
  if (drawing === state.drawing) return // only thumbnails came
  const rows = [], known = [], others = []
  for (let i = 0; i < data.count; i++) {
    if (!state.files.shown[i]) continue
    rows.push(i)
    ;(Number.isNaN(state.files.values[i]) ? others : known).push(i)
  }
  if (!webgl && (data.dims === 3 || rows.length > MOST_WITHOUT_WEBGL)) return refuse(state, data, drawing)
  state.rows = rows
  state.groups = [others, known].filter((group) => group.length)
  const markers = state.groups.map((group) => group === known ? marker(state, data, group) : unknown(data))
  const traces = state.groups.map((group, k) => trace(state, data, group, { marker: markers[k] }))
  state.colours = markers.map((marker) => marker.color)
  traces.push(...marks(state, data).map(({ place, colour }) => spot(data, place, colour)))
  if (data.guests.length) traces.push(guests(data))
  traces.push(...contours(state, data), bar(state, data))
  const flat = ["pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]
  const deep = ["orbitRotation", "zoom3d", "pan3d", "resetCameraDefault3d"]
  const config = { displaylogo: false, displayModeBar: true, responsive: true, scrollZoom: true,
                   modeBarButtons: [data.dims === 3 ? deep : flat] }
  const kind = `${data.dims}`
  if (state.kind && state.kind !== kind) window.Plotly.purge(state.plot)
  await window.Plotly.react(state.plot, traces, layout(state, data), config)
  if (state.kind !== kind) listen(state)
  state.kind = kind
  state.drawing = drawing
  state.note.hidden = true
  state.hint.hidden = webgl
  state.hint.textContent = "This browser lacks WebGL: the map is drawn more slowly, and in two dimensions only."
  pictures(state)
  if (pointer) moveAgain(pointer)
  state.plot.setAttribute("aria-label", `A map of ${rows.length} photos, coloured by ${data.colour.label}. ` +
    "Above it stands what it shows in words, and photos can be found by their id.")
  state.plot.dataset.drawn = String(rows.length)
  state.plot.dataset.dims = String(data.dims)
}

// The photo of a point, whatever trace it belongs to; undefined for the marks of pinned and dropped photos.
const photo = (state, point) => state.groups[point.curveNumber]?.[point.pointNumber ?? point.pointIndex]

// The colour of a photo's point, in words that a canvas knows.
function tint(state, index) {
  const group = state.groups.findIndex((found) => found.includes(index)), colour = state.colours[group]
  if (!Array.isArray(colour)) return colour
  return `rgb(${colour[state.groups[group].indexOf(index)].slice(0, 3).map((part) => 255 * part)})`
}

function refuse(state, data, drawing) {
  if (state.kind) window.Plotly.purge(state.plot)
  state.kind = null
  state.drawing = drawing
  state.note.textContent = data.dims === 3
    ? "Three dimensions need WebGL, which this browser lacks. Choose 2-D."
    : `This browser lacks WebGL, without which at most ${MOST_WITHOUT_WEBGL.toLocaleString("en")} photos are drawn. Show fewer by "Search and filter".`
  state.note.hidden = false
  pictures(state)
}

// plotly.js does not see a pointer that moves while it draws.
function moveAgain({ clientX, clientY }) {
  const place = { clientX, clientY, bubbles: true, view: window }
  document.elementFromPoint(clientX, clientY)?.dispatchEvent(new MouseEvent("mousemove", place))
}

// When the pointer that went down just now is up again, and plotly.js has told of it.
const released = () => new Promise((done) => {
  const end = () => {
    for (const kind of ["pointerup", "pointercancel"]) removeEventListener(kind, end, true)
    setTimeout(done, 100)
  }
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, end, true)
})

function listen(state) {
  const { plot } = state
  plot.onmousemove = (event) => { pointer = event }
  plot.onmouseleave = () => { pointer = null }
  plot.onpointerdown = (event) => {
    state.how = event.shiftKey ? "+" : event.altKey ? "-" : null
    state.held = released()
  }
  for (const change of ["plotly_afterplot", "plotly_relayouting", "plotly_relayout"]) plot.on(change, () => pictures(state))
  plot.on("plotly_hover", (event) => {
    const index = photo(state, event.points[0])
    if (index !== undefined) hover(state, index, event.event).catch((error) => console.error(error))
  })
  plot.on("plotly_unhover", () => { state.tip.hidden = true; state.over = null })
  plot.on("plotly_click", (event) => {
    const index = event.points.map((point) => photo(state, point)).find((found) => found !== undefined)
    if (index !== undefined) state.send("pinned", index)
  })
  plot.on("plotly_selected", (event) => {
    if (!event) return
    state.drawing = null // the answer's drawing puts its own outlines in place of those drawn here
    if (event.range) {
      const [x, y] = [event.range.x, event.range.y], box = [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)]
      state.send("selected", { how: state.how, box })
      outline(state, `box:${box}`)
    } else if (event.lassoPoints) {
      const lasso = event.lassoPoints.x.map((x, i) => [x, event.lassoPoints.y[i]])
      state.send("selected", { how: state.how, lasso })
      outline(state, `lasso:${lasso.join(";")}`)
    }
  })
  plot.on("plotly_deselect", () => clear(state))
  plot.on("plotly_relayout", (change) => { if (change.dragmode) state.drag = change.dragmode })
}

// An outline of plotly.js's own could be moved and bent, of which nobody would be told: a still one takes its place.
function outline({ plot, how }, text) {
  setTimeout(() => window.Plotly.relayout(plot, {
    selections: [], shapes: [...(how ? plot.layout.shapes ?? [] : []), ...outlines(`${how ?? ""}${text}`, SELECTED)],
  }))
}

function clear(state) {
  state.drawing = null
  state.send("selected", { none: true })
}

const TYPED = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true], [role=dialog], [role=listbox]"
function escaped(state, event) {
  if (event.key === "Escape" && state.data.selection && !event.composedPath()[0].closest?.(TYPED)) clear(state)
}

// Photos in place of their points, once so few are in view that they have room.
function pictures(state) {
  const { plot, photos, data } = state, brush = photos.getContext("2d"), seen = data.dims === 2 && state.kind ? inView(state) : []
  const shown = seen.length <= MOST_PICTURES && seen.length < state.rows.length ? seen : []
  const scale = window.devicePixelRatio, lost = shown.filter(({ index }) => state.thumbs.missing(index)).map(({ index }) => index)
  photos.width = plot.clientWidth * scale
  photos.height = plot.clientHeight * scale
  brush.scale(scale, scale)
  let count = 0
  for (const { index, x, y } of shown) {
    const found = state.thumbs.found.get(index)
    if (!found) continue
    drawTile(brush, found, x - PICTURE / 2, y - PICTURE / 2, PICTURE)
    brush.strokeStyle = tint(state, index)
    brush.lineWidth = 2
    brush.strokeRect(x - PICTURE / 2, y - PICTURE / 2, PICTURE, PICTURE)
    count++
  }
  plot.dataset.pictures = count
  if (lost.length) state.thumbs.want(lost[0], lost.slice(1))
}

// Photos between the edges of the map, with their places in px.
function inView({ plot, rows, files }) {
  const { xaxis, yaxis, _size } = plot._fullLayout, { points } = files
  const [left, right] = xaxis.range, [bottom, top] = yaxis.range
  return rows.filter((i) => points[2 * i] >= left && points[2 * i] <= right && points[2 * i + 1] >= bottom && points[2 * i + 1] <= top)
    .map((index) => ({ index, x: _size.l + xaxis.c2p(points[2 * index]), y: _size.t + yaxis.c2p(points[2 * index + 1]) }))
}

function drawTile(brush, [image, place], x, y, side) {
  brush.drawImage(image, (place % SHEET_COLUMNS) * TILE, Math.floor(place / SHEET_COLUMNS) * TILE, TILE, TILE, x, y, side, side)
}

// Names and numbers of single points come with the first of them: the map is drawn without.
async function labels(state) {
  const { data } = state
  await Promise.all([
    changed(state, "names", data.names, async (url) => (await (await fetched(url)).text()).split("\n")),
    changed(state, "numbers", data.numbers, floats),
  ])
  return state.files
}

async function hover(state, index, event) {
  state.over = index
  const { names, numbers } = await labels(state)
  if (state.over !== index) return // the pointer has gone on
  const tip = state.tip
  tip.replaceChildren()
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = TILE
  const title = document.createElement("b")
  title.textContent = names[index]
  tip.append(canvas, title)
  state.data.measures.forEach((label, k) => {
    const value = numbers[k * state.data.count + index]
    if (Number.isNaN(value)) return
    const line = document.createElement("div")
    line.textContent = `${label}: ${value.toFixed(3)}`
    tip.append(line)
  })
  tip.dataset.index = index
  paint(state, canvas, index)
  tip.hidden = false
  const [x, y] = [event?.clientX ?? 20, event?.clientY ?? 20]
  const box = tip.getBoundingClientRect()
  tip.style.left = `${Math.max(4, Math.min(x + 16, innerWidth - box.width - 8))}px`
  tip.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - box.height - 8))}px`
}

function paint(state, canvas, index) {
  const found = state.thumbs.found.get(index)
  canvas.hidden = !found
  if (!found) {
    state.thumbs.want(index, around(state, index))
    state.plot.dataset.missing = String(state.thumbs.pointed.size)
    return
  }
  drawTile(canvas.getContext("2d"), found, 0, 0, TILE)
  canvas.dataset.painted = "yes"
}

// Points that have no thumbnail yet, the nearest to one first.
function around(state, index) {
  const { points } = state.files, d = state.data.dims
  const far = (i) => { let s = 0; for (let k = 0; k < d; k++) s += (points[i * d + k] - points[index * d + k]) ** 2; return s }
  const near = state.rows.filter((i) => state.thumbs.missing(i)).map((i) => [far(i), i])
  near.sort((a, b) => a[0] - b[0])
  return near.slice(0, WANTED).map(([, i]) => i)
}

// The pointer may still be where it was when its thumbnail arrives, and the map as far zoomed in.
function thumbnailsCame(state) {
  state.plot.dataset.missing = String(state.thumbs.pointed.size)
  const canvas = state.tip.querySelector("canvas")
  if (state.over !== null && canvas && !canvas.dataset.painted && state.thumbs.found.has(state.over)) paint(state, canvas, state.over)
  pictures(state)
}

function loadImage(url, done) {
  const image = new Image()
  image.onload = () => done(image)
  image.src = address(url)
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component
  let state = states.get(parentElement)
  const [plot, tip, note, hint, photos] = ["plot", "tip", "note", "hint", "photos"].map((part) => parentElement.querySelector(`.map-${part}`))
  if (!state || state.plot !== plot) {
    state = { plot, tip, note, hint, photos, how: null, urls: {}, files: {}, over: null, drawing: null, held: null, drag: "pan", rows: [] }
    const own = state
    state.thumbs = new Thumbnails((asked) => own.send("wanted", asked), () => thumbnailsCame(own), loadImage)
    state.key = (event) => escaped(own, event)
    states.set(parentElement, state)
  }
  state.thumbs.show(data.of)
  state.data = data
  state.send = setTriggerValue
  addEventListener("keydown", state.key)
  const theme = getComputedStyle(parentElement)
  state.ink = theme.getPropertyValue("--st-text-color") || "#888"
  state.paper = theme.getPropertyValue("--st-background-color") || "#FFF"
  state.thumbs.take(data.sheet)
  // One drawing at a time: a newer one waits for the older to end.
  state.work = (state.work ?? Promise.resolve()).then(() => draw(state)).catch((error) => {
    console.error(error)
    note.textContent = `The map could not be drawn (${error.message}). Reload the page to try again.`
    note.hidden = false
  })
  return () => {
    tip.hidden = true
    removeEventListener("keydown", state.key)
    state.thumbs.pause()
  }
}

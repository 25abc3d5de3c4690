// The app may live below a path; a page's own name is the last part of the address.
const base = () => location.pathname.replace(/[^/]*\/?$/, "")
const address = (url) => (url.startsWith("/") ? base() + url.slice(1) : url)

// The script is found by its id: the page asks for it before there is a map.
const SCRIPT = "map-plotly"
function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve()
  let script = document.getElementById(SCRIPT)
  if (!script) {
    script = Object.assign(document.createElement("script"), { id: SCRIPT, src: address(url) })
    document.head.append(script)
  }
  return new Promise((done, failed) => {
    script.addEventListener("load", done)
    script.addEventListener("error", () => { script.remove(); failed(new Error("plotly.js did not arrive")) })
  })
}

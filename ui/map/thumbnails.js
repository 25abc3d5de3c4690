// Thumbnails that are asked for arrive. The browser alone knows which are missing: one request is on its way at a time,
// what it has no room for goes into the next, and one that is not answered in time, or whose picture does not load, is
// given again. An answer is taken by what it says that it holds, however late it comes.
const MOST = 96, GATHER = 80, PATIENCE = 3000, MOST_PATIENCE = 30000

class Thumbnails {
  constructor(send, arrived, load) {
    Object.assign(this, { send, arrived, load, of: null, timer: null, patience: PATIENCE, number: Date.now() })
    this.forget()
  }

  // The map has left the page: nobody waits for an answer any more.
  pause() {
    clearTimeout(this.timer)
    this.sent = this.timer = null
  }

  // Another map: what was found of the last one, and what is still on its way, means nothing here.
  forget() {
    this.pause()
    this.found = new Map()
    this.pointed = new Set() // where the pointer was, the latest last: these come first
    this.wanted = new Set() // those around them
    this.refused = new Set()
  }

  show(of) {
    if (this.of !== null && this.of !== of) this.forget()
    this.of = of
    this.gather() // after a pause, what is still missing
  }

  missing(index) { return !this.found.has(index) && !this.refused.has(index) }

  // A point, and those around it: the pointer will go there next. The nearest first.
  want(index, around = []) {
    const put = (list, i) => {
      list.delete(i)
      if (this.missing(i)) list.add(i)
    }
    ;[...around].reverse().forEach((i) => put(this.wanted, i))
    put(this.pointed, index)
    this.gather()
  }

  gather() {
    if (this.sent === null && this.timer === null) this.timer = setTimeout(() => this.ask(), GATHER)
  }

  ask() {
    this.pause()
    const latest = [this.pointed, this.wanted].flatMap((list) => [...list].reverse())
    const indices = [...new Set(latest)].slice(0, MOST)
    if (!indices.length) return
    this.sent = ++this.number
    this.timer = setTimeout(() => {
      this.patience = Math.min(2 * this.patience, MOST_PATIENCE)
      this.ask()
    }, this.patience)
    this.send({ of: this.of, number: this.sent, indices })
  }

  take(sheet) {
    if (!sheet || sheet.of !== this.of || sheet.number === this.taken) return
    this.taken = sheet.number
    if (sheet.url === null) return this.settle(sheet, (index) => this.refused.add(index))
    this.load(sheet.url, (image) => {
      if (sheet.of === this.of) this.settle(sheet, (index, place) => this.found.set(index, [image, place]))
    })
  }

  settle(sheet, keep) {
    sheet.indices.forEach((index, place) => {
      keep(index, place)
      this.pointed.delete(index)
      this.wanted.delete(index)
    })
    this.arrived()
    if (sheet.number !== this.sent) return
    this.pause()
    this.patience = PATIENCE
    this.ask()
  }
}

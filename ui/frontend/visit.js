// What a tab knows of its visit: a name that nobody can guess. After the page was loaded again it tells the old one, once.
// And the page survives being translated.
const NAME = "memorability-lab visit"
let told = null

// A browser that translates a page puts elements of its own in the place of texts. React, which drew the page, then
// fails when it takes such a text away, and all of the page with it. Here it finds what stands in that place instead.
const standsFor = (parent, child) => {
  while (child && child.parentNode !== parent) child = child.parentNode
  return child
}
if (!Node.prototype.survivesTranslation) {
  const { removeChild, insertBefore } = Node.prototype
  Node.prototype.survivesTranslation = true
  Node.prototype.removeChild = function (child) {
    const there = standsFor(this, child)
    if (there) removeChild.call(this, there)
    return child
  }
  Node.prototype.insertBefore = function (added, before) {
    return insertBefore.call(this, added, standsFor(this, before) ?? null)
  }
}

export default function ({ data, setStateValue }) {
  try {
    const before = sessionStorage.getItem(NAME)
    if (before && before !== data.visit && told !== data.visit) {
      told = data.visit
      setStateValue("before", before)
    }
    sessionStorage.setItem(NAME, data.visit)
  } catch (error) {
    console.warn("What is chosen is not kept for a reload:", error) // the browser forbids it
  }
}

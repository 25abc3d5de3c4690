// What a tab knows of its visit: a name that nobody can guess. After the page was loaded again it tells the old one, once.
const NAME = "memorability-lab visit"
let told = null

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

// Two pictures of the same size on top of each other; a slider uncovers the second from the left.
export default function ({ data, parentElement }) {
  const [before, after] = parentElement.querySelectorAll("img");
  const [left, right] = parentElement.querySelectorAll("span");
  const slider = parentElement.querySelector("input");
  const frame = parentElement.querySelector(".frame");
  before.src = data.before;
  after.src = data.after;
  before.alt = data.alt[0];
  after.alt = data.alt[1];
  left.textContent = data.labels[0];
  right.textContent = data.labels[1];
  slider.setAttribute("aria-label", data.name);
  frame.style.aspectRatio = data.ratio;
  frame.style.maxWidth = `min(100%, ${Math.round(data.tallest * data.ratio)}px)`;
  const show = () => frame.style.setProperty("--cut", `${slider.value}%`);
  slider.oninput = show;
  show();
}

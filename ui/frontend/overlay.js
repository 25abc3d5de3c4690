// A picture, another on top of it, and a slider for how much of the upper one is seen.
export default function ({ data, parentElement }) {
  const [under, over, scale] = parentElement.querySelectorAll("img");
  const slider = parentElement.querySelector("input");
  const said = parentElement.querySelector(".said");
  under.src = data.under;
  over.hidden = !data.over;
  if (data.over) over.src = data.over;
  slider.disabled = !data.over;
  scale.src = data.scale;
  scale.alt = data.scale_alt;
  over.alt = data.alt;
  const show = () => {
    over.style.opacity = slider.value / 100;
    slider.style.setProperty("--filled", `${slider.value}%`);
    said.textContent = `${slider.value} %`;
  };
  slider.oninput = show;
  show();
}

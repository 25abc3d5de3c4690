"""Styles of every page: the room that it takes before it is drawn, and what keeps it calm and readable.

They hold twice: in the head of the document (`first_paint`), and on the page itself for servers that leave it out.
"""

from __future__ import annotations

WORTH, MENU = "worth", "menu"
CALM = f"""<style>
.st-key-{WORTH} {{ min-height: 3.2rem; }}
@media (max-width: 1100px) {{ .st-key-{WORTH} {{ min-height: 4.8rem; }} }}
@media (max-width: 640px) {{ .st-key-{WORTH} {{ min-height: 8rem; }} }}
.st-key-{MENU} {{ min-height: 40px; align-content: center; }}
@media (max-width: 640px) {{
  .st-key-{MENU} {{ min-height: 64px; gap: 2px 3px !important; }} .st-key-{MENU} a {{ padding: 0 5px !important; }}
  :is(.st-key-space, .st-key-colour, .st-key-for-spreadsheet) {{ min-width: 100%; }}
  :not(.st-key-tool) > [data-testid=stButtonGroup] [role=radiogroup] {{
    flex-wrap: wrap; row-gap: 4px; overflow: visible; }}
}}
@media (hover: none) {{ [data-testid=stElementContainer]:has([data-testid=stDataFrame]) {{ margin-top: 2rem; }} }}
.st-key-canvas-frame {{ overflow: hidden !important; position: relative; }}
.st-key-canvas-pen {{ position: absolute; top: 0; left: 0; z-index: 3; pointer-events: none; }}
@media (prefers-reduced-motion: reduce) {{
  *, *::before, *::after {{ animation-duration: 1ms !important; animation-iteration-count: 1 !important;
    transition-duration: 1ms !important; scroll-behavior: auto !important; }}
}}
[data-testid=stPlotlyChart] .main-svg :is(.xtick, .ytick, .g-xtitle, .g-ytitle, .annotation) text,
.st-key-nine-rows .textpoint text {{ fill: currentColor !important; fill-opacity: 0.75 !important; }}
[data-testid=stCaptionContainer] {{ color: inherit !important; opacity: 0.8; }}
[data-testid=stButtonGroup] [aria-checked=true], [data-testid=stButtonGroup] [aria-pressed=true],
[role=tab][aria-selected=true], [data-testid=stPopover] button, [data-testid=stSliderThumbValue] {{
  color: inherit !important; }}</style>"""
"""The sentence under a heatmap has room for its longest form before it comes, and the menu for its links, so that what
stands below stays. The canvas never scrolls inside its frame, whatever height it has while it is loaded. On a phone the
menu has two rows on every page, what finds no room beside another choice begins a row (but for tools, which become
signs), and the signs over a table, which are always there where nothing hovers, cover no heading. Nothing moves for
whoever asked the system for less motion; small print, words in figures, chosen segments, open menus and the values of
sliders stand out from their ground (WCAG AA)."""


ROOM = """<style>
.st-key-uploads { min-height: 96px; }
.st-key-sample-tiles { min-height: 148px; }
.st-key-study, .st-key-model, .st-key-method, .st-key-space, .st-key-projection, .st-key-colour, .st-key-evaluation,
.st-key-study-model, .st-key-study-photos, .st-key-study-ablations, .st-key-study-name { min-height: 68px; }
.st-key-study-kind, .st-key-dims, .st-key-family, .st-key-measure { min-height: 60px; }
@media (max-width: 560px) { .st-key-measure { min-height: 96px; } }
.st-key-study-files-0 { min-height: 96px; }
html .st-key-home h3 { font-size: 1.15rem; padding: 0 0 0.4rem; }
.st-key-score { min-height: 113px; }
.st-key-sample-tiles > [data-testid=stLayoutWrapper] { min-height: 148px; }
.st-key-scatter { min-height: 560px; }
@media (min-width: 641px) { :is(.st-key-uploads, .st-key-study-files-0) [data-testid=stFileUploaderDropzone] {
  flex-direction: row !important; align-items: center !important; } }
.st-key-home-answer { min-height: 153px; }
.st-key-home-map { aspect-ratio: 8 / 5; }
@media (max-width: 880px) { .st-key-sample-tiles { min-height: 312px; } }
@media (max-width: 640px) { .st-key-home-answer { min-height: 113px; } .st-key-uploads { min-height: 128px; } }
@media (max-width: 520px) { .st-key-sample-tiles { min-height: 476px; } .st-key-study-files-0 { min-height: 149px; } }
</style>"""
"""Height, by key, of what is drawn by scripts that Streamlit fetches only when they are needed: until then it shows a
bar of 40 px in their place. Questions on the first page stand close to their answers: what answers is seen at once."""
SHELL = """<style>
@media screen { html .stMainBlockContainer { max-width: none !important; padding: 5.25rem 1rem 4rem !important; } }
@media screen and (min-width: 864px) { html .stMainBlockContainer { padding: 5.25rem 5rem 4rem !important; } }
</style>"""
"""A wide page under Streamlit's header, as .streamlit/config.toml and `page` ask for, before either is known."""
STYLES = SHELL + CALM + ROOM
"""What stands in the head of the document."""

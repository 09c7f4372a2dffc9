"""Pictures of the figures: one Vega-Lite specification each, from which page, SVG, PNG and PDF are made."""

# Keep colours, and leave at once when the text fits the screen.
export LESS="${LESS:--FRX}"

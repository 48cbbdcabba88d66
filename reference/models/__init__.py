"""The networks of the homework: fully connected, convolutional, and layers written by hand."""

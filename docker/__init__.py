"""Build the images, and (in release) verify and publish them."""

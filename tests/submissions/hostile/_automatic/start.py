"""What the other files import before anything else: there is nothing to set up."""

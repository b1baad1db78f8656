"""Posts of networks as items: what a post says there, in our words. Pure."""

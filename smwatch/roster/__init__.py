"""The roster of sources as people keep it: looking at it, adding and removing, letting one rest, lists of feeds."""

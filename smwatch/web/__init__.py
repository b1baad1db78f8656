"""Status, health, metrics and the control socket."""

"""`syncd run`: passes on a schedule, by change and by drift. The only room with a clock, signals and sockets."""

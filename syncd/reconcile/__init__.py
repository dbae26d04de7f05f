"""One pass: fetch, render, observe, plan, guard, apply, restart, report."""

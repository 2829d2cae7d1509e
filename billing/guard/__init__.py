"""The spend guard: limits of plans, budgets with alerts, caps, and how the month will end."""

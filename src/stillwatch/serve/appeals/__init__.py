"""The customer's side: statements of reasons and appeals, as pages without script and as REST; outcomes told."""

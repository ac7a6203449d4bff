"""Groups that several providers see a part of."""

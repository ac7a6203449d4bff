"""From verdicts to decisions: the ladder, the guards before anything automatic, barriers, appeals."""
